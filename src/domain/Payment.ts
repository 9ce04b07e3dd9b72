import { Schema, Struct } from "effect"
import { Card } from "./Card.ts"
import { Decline } from "./Decline.ts"
import { enumeration } from "./Enumeration.ts"
import { PaymentIds, TransactionIds } from "./Ids.ts"
import { Amount, Currency, Total } from "./Money.ts"
import { TimestampText } from "./Timestamp.ts"
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

export const PaymentStatus = enumeration("PaymentStatus", [...UndecidedStatus.literals, ...DecidedStatus.literals], {
  description: "`processing` and `unknown` will become one of the others without anything being done."
})
export type PaymentStatus = typeof PaymentStatus.Type

export const isUndecided = Schema.is(UndecidedStatus)

/** What a merchant sees of one call to EPX. */
export const TransactionView = Schema.Struct({
  id: TransactionIds.Id,
  type: TransactionType,
  status: TransactionStatus,
  amount: Amount,
  /** What a capture, refund or void acts on. */
  target_id: Schema.NullOr(TransactionIds.Id),
  reason: Schema.NullOr(Schema.String),
  response_code: Schema.NullOr(Schema.String),
  authorization_code: Schema.NullOr(Schema.String),
  avs: Schema.NullOr(Schema.String),
  cvv: Schema.NullOr(Schema.String),
  created_at: TimestampText
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
  /** When what is held lapses; null unless the payment is an authorization. */
  expires_at: Schema.NullOr(TimestampText),
  created_at: TimestampText,
  transactions: Schema.Array(TransactionView)
}).annotate({ identifier: "Payment", description: "Amounts are in minor units of the currency: 1999 is $19.99." })
export type Payment = typeof Payment.Type

export type PaymentField = keyof Payment

/** A field of a payment that can be asked for. */
// cast: the schema has these fields.
export const PaymentField = Schema.Literals(Object.keys(Payment.fields) as ReadonlyArray<PaymentField>)

/** A payment of which no more was read than was asked for. */
export const SparsePayment = Payment.mapFields(Struct.map(Schema.optionalKey))
  .mapFields((fields) => ({ ...fields, id: PaymentIds.Id }))
  .annotate({ identifier: "SparsePayment", description: "What `fields` asked for of a payment, and its id." })
export type SparsePayment = typeof SparsePayment.Type

/** A payment as it was at one moment. Whatever changes of it makes its version larger. */
export interface VersionedPayment {
  readonly payment: Payment
  readonly version: number
}
