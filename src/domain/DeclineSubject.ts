import { Schema } from "effect"

/** Whose declines are counted together: cards are tested for one customer, from one address or with one API key. */
export const DeclineSubject = Schema.Literals(["customer", "address", "key"])
export type DeclineSubject = typeof DeclineSubject.Type
