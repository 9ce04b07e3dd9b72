import { Schema } from "effect"

/** Where money of a payment can be in the books. The entries of one transaction sum to zero. */
export const Account = Schema.Literals([
  /** Not held, or given back. */
  "cardholder",
  /** Kept from the cardholder by an authorization. */
  "held",
  /** Captured, and on its way to the merchant. */
  "receivable",
  "settled"
])
export type Account = typeof Account.Type
