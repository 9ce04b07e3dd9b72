import { Schema } from "effect"
import { Card } from "./Card.ts"
import { Decline } from "./Decline.ts"
import { PaymentIds, TransactionIds } from "./Ids.ts"
import { Amount, Currency, Total } from "./Money.ts"
import { Timestamp } from "./Timestamp.ts"
import { TransactionStatus, TransactionType } from "./Transaction.ts"

/** Without a definite outcome: the client is told to poll. */
export const UndecidedStatus = Schema.Literals([
  /** The call to EPX is on its way. */
  "processing",
  /** EPX did not say what became of it; the service is finding out. */
  "unknown"
])

export const DecidedStatus = Schema.Literals([
  "authorized",
  "captured",
  "declined",
  /** Provably nothing happened at EPX. */
  "failed",
  /** Its outcome was unknown and it has been undone. */
  "reversed",
  "voided",
  "expired",
  "partially_refunded",
  "refunded",
  "returned"
])

export const PaymentStatus = Schema.Literals([...UndecidedStatus.literals, ...DecidedStatus.literals]).annotate({
  identifier: "PaymentStatus",
  description: "`processing` and `unknown` will become one of the others without anything being done."
})
export type PaymentStatus = typeof PaymentStatus.Type

export const isUndecided = Schema.is(UndecidedStatus)

/** The payment that follows from its first transaction, which charges or holds the money. */
export const paymentStatuses: Record<"sale" | "authorization", Record<TransactionStatus, PaymentStatus>> = {
  sale: {
    scheduled: "processing",
    submitting: "processing",
    approved: "captured",
    declined: "declined",
    rejected: "declined",
    failed: "failed",
    unknown: "unknown",
    reversed: "reversed",
    voided: "voided",
    expired: "expired",
    settled: "captured"
  },
  authorization: {
    scheduled: "processing",
    submitting: "processing",
    approved: "authorized",
    declined: "declined",
    rejected: "declined",
    failed: "failed",
    unknown: "unknown",
    reversed: "reversed",
    voided: "voided",
    expired: "expired",
    settled: "authorized"
  }
}

/** Totals of a payment in minor units. */
export interface Totals {
  readonly authorized: number
  readonly captured: number
}

/** What an approved first transaction adds to the payment's totals. */
export const totalsOf = (type: "sale" | "authorization", status: TransactionStatus, approved: number): Totals => {
  const holds = status === "approved" || status === "settled"
  return { authorized: holds ? approved : 0, captured: holds && type === "sale" ? approved : 0 }
}

/** What a merchant sees of one call to EPX. */
export const TransactionView = Schema.Struct({
  id: TransactionIds.Id,
  type: TransactionType,
  status: TransactionStatus,
  amount: Amount,
  response_code: Schema.NullOr(Schema.String),
  authorization_code: Schema.NullOr(Schema.String),
  avs: Schema.NullOr(Schema.String),
  cvv: Schema.NullOr(Schema.String),
  created_at: Timestamp
}).annotate({ identifier: "Transaction", description: "One call to the card network." })
export type TransactionView = typeof TransactionView.Type

// Postgres can store neither NUL nor half of a surrogate pair.
const MetadataValue = Schema.String.check(
  Schema.isMaxLength(500),
  Schema.isPattern(/^[^\0\p{Cs}]*$/u, { expected: "well-formed text without NUL" })
)

export const Metadata = Schema.Record(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_.-]{1,40}$/u)), MetadataValue)
export type Metadata = typeof Metadata.Type

/** A payment as merchants see it; amounts are minor units. */
export const Payment = Schema.Struct({
  id: PaymentIds.Id,
  object: Schema.Literal("payment"),
  status: PaymentStatus,
  amount: Amount,
  currency: Currency,
  amount_authorized: Total,
  amount_captured: Total,
  amount_refunded: Total,
  amount_capturable: Total,
  amount_refundable: Total,
  card: Schema.NullOr(Card),
  decline: Schema.NullOr(Decline),
  customer_id: Schema.NullOr(Schema.String),
  order_ref: Schema.NullOr(Schema.String),
  metadata: Metadata,
  created_at: Timestamp,
  transactions: Schema.Array(TransactionView)
}).annotate({ identifier: "Payment", description: "Amounts are in minor units of the currency: 1999 is $19.99." })
export type Payment = typeof Payment.Type
