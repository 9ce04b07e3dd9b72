import { Schema } from "effect"

/** What is limited apart: who reads much can still be paid. */
export const LimitKind = Schema.Literals(["reads", "writes"])
export type LimitKind = typeof LimitKind.Type
