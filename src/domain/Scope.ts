import { enumeration } from "./Enumeration.ts"

/** What an API key of a merchant may do. */
export const Scope = enumeration(
  "Scope",
  [
    "payments:read",
    "payments:write",
    "refunds:write",
    /** Charge a raw BRIC: for migration and tests. */
    "payments:bric"
  ],
  { description: "`payments:bric` lets a key charge a raw BRIC." }
)
export type Scope = typeof Scope.Type

export const scopes: ReadonlyArray<Scope> = Scope.literals
