import { Schema } from "effect"
import { MerchantIds, PaymentIds, TransactionIds } from "../domain/Ids.ts"
import { PaymentStatus } from "../domain/Payment.ts"
import { Environment } from "../domain/Terminal.ts"
import { TransactionStatus, TransactionType } from "../domain/Transaction.ts"

/** Columns that are kept in clear, by name, for the search for what must not be in them. */
const Texts = Schema.Record(Schema.String, Schema.NullOr(Schema.String))

/** Milliseconds since 1970, here and below. */
const Instant = Schema.Finite

const nullable = Schema.NullOr

/** A row of `payments` as it stands; whatever its constraints promise is looked at again. */
export const PaymentRow = Schema.Struct({
  id: PaymentIds.Column,
  merchant_id: MerchantIds.Column,
  environment: Environment,
  type: Schema.Literals(["sale", "authorization"]),
  first_status: TransactionStatus,
  status: PaymentStatus,
  currency: Schema.String,
  amount: Schema.Int,
  authorized: Schema.Int,
  captured: Schema.Int,
  refunded: Schema.Int,
  pending_capture: Schema.Int,
  pending_refund: Schema.Int,
  pending_void: Schema.Boolean,
  calls: Schema.Int,
  doubts: Schema.Int,
  multiple_captures: Schema.Boolean,
  capturable: Schema.Int,
  refundable: Schema.Int,
  held: Schema.Int,
  is_declined: Schema.Boolean,
  is_to_be_undone: Schema.Boolean,
  texts: Texts
})
export type PaymentRow = typeof PaymentRow.Type

/** A row of `transactions`, without the token it holds. */
export const TransactionRow = Schema.Struct({
  id: TransactionIds.Column,
  merchant_id: MerchantIds.Column,
  environment: Environment,
  type: TransactionType,
  status: TransactionStatus,
  amount: Schema.Int,
  amount_approved: nullable(Schema.Int),
  target_id: nullable(TransactionIds.Column),
  probe_of: nullable(TransactionIds.Column),
  reversal_of: nullable(TransactionIds.Column),
  done_by: nullable(TransactionIds.Column),
  merch_nbr: nullable(Schema.String),
  batch_id: nullable(Schema.String),
  tran_nbr: nullable(Schema.Int),
  idempotency_key: nullable(Schema.String),
  refunded: Schema.Int,
  pending_refund: Schema.Int,
  /** How an outcome that was unknown became known. */
  resolved_by: nullable(Schema.String),
  created_at: Instant,
  lease_until: nullable(Instant),
  next_attempt_at: nullable(Instant),
  has_bric: Schema.Boolean,
  /** Its terminal has a credential for look-ups. */
  has_lookup: Schema.Boolean,
  /** It goes to the terminal of its merchant in its environment. */
  has_own_terminal: Schema.Boolean,
  texts: Texts
})
export type TransactionRow = typeof TransactionRow.Type

export const EntryRow = Schema.Struct({
  transaction_id: TransactionIds.Column,
  account: Schema.Literals(["cardholder", "held", "receivable", "settled"]),
  currency: Schema.String,
  amount: Schema.Int
})
export type EntryRow = typeof EntryRow.Type

export const EventRow = Schema.Struct({
  merchant_id: MerchantIds.Column,
  environment: Environment,
  transaction_id: TransactionIds.Column,
  type: Schema.String,
  texts: Texts
})
export type EventRow = typeof EventRow.Type

/** All that is on record about one payment, as of one moment. */
export const PaymentBook = Schema.Struct({
  payment: PaymentRow,
  transactions: Schema.Array(TransactionRow),
  entries: Schema.Array(EntryRow),
  events: Schema.Array(EventRow)
})
export type PaymentBook = typeof PaymentBook.Type

/** A key that was cancelled before it was used. */
export const Tombstone = Schema.Struct({
  id: TransactionIds.Column,
  merchant_id: MerchantIds.Column,
  environment: Environment,
  idempotency_key: Schema.String
})
export type Tombstone = typeof Tombstone.Type

/** Our side of the comparison. */
export interface Books {
  readonly payments: ReadonlyArray<PaymentBook>
  readonly tombstones: ReadonlyArray<Tombstone>
}

/** Asked for, or the service's own undoing; probes and timeout reversals are attempts at one of these. */
export const isOwn = ({ probe_of, type }: TransactionRow): boolean => probe_of === null && type !== "reversal"

export const isFirst = ({ probe_of, type }: TransactionRow): boolean =>
  probe_of === null && (type === "sale" || type === "authorization")

/** Minor units that count: what EPX approved, else what was asked for. */
export const amountOf = ({ amount, amount_approved }: TransactionRow): number => amount_approved ?? amount

/** The pair as a key of a map; null while it has none. */
export const pairOf = ({ batch_id, merch_nbr, tran_nbr }: TransactionRow): string | null =>
  batch_id === null ? null : `${merch_nbr}/${batch_id}/${tran_nbr}`
