import type { Passage } from "../../src/transactions/Boundary.ts"

/** What the service process is told. */
export type Command =
  /** Which calls are to stop at each of their boundaries and ask; none at first. */
  | { readonly kind: "watch"; readonly types: ReadonlyArray<string> }
  | { readonly kind: "go"; readonly id: number }
  | { readonly kind: "freeze"; readonly id: number }
  | { readonly kind: "shift"; readonly id: number; readonly by_ms: number }

/** What the service process tells. */
export type Report =
  | { readonly kind: "ready" }
  /** A command was carried out. */
  | { readonly kind: "done"; readonly id: number }
  /** A call stands at one of its boundaries until it is told to go. */
  | ({ readonly kind: "at"; readonly id: number } & Passage)
