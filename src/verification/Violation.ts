import { Schema } from "effect"
import type { PaymentId, TransactionId } from "../domain/Ids.ts"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"

/** Everything that must hold, by the name under which it is reported when it does not. */
export const ViolationName = Schema.Literals([
  /** Money moved more than once at the gateway for one intended call. */
  "moved_twice",
  /** Money stands at the gateway that our books do not show. */
  "not_on_books",
  /** Our books show money that does not stand at the gateway to the cent. */
  "not_at_gateway",
  /** A capture, refund, void or reversal acted on something else. */
  "wrong_target",
  /** One record, more than one request. */
  "sent_twice",
  /** A request that no record accounts for. */
  "sent_unrecorded",
  /** More captured than authorized, or more refunded than captured. */
  "beyond_limit",
  /** The payment's row is not the fold of its transactions. */
  "not_the_fold",
  /** What a charge has given back is not the sum of its refunds. */
  "refunds_differ",
  /** A transaction refers to none of its payment, or to the wrong kind, or the payment has not exactly one first. */
  "astray",
  /** A row under a payment belongs to another merchant or environment. */
  "foreign",
  /** Events tell of an edge that does not exist, as one out of a final state. */
  "illegal_edge",
  /** An edge without its event. */
  "event_missing",
  "key_reused",
  "pair_reused",
  /** The entries of a transaction do not sum to zero. */
  "unbalanced",
  /** An account's balance is not what the payment's row says. */
  "ledger_differs",
  /** On its way beyond its lease, and nobody took it over. */
  "lease_overdue",
  /** The next automatic step was due and nobody took it. */
  "step_overdue",
  /** Unknown longer than automatic steps can take, and not left to people. */
  "doubt_overdue",
  /** A card number or a token in clear. */
  "secret_in_clear"
])
export type ViolationName = typeof ViolationName.Type

/** One thing that does not hold. */
export const Violation = Schema.Struct({
  name: ViolationName,
  payment_id: Schema.NullOr(PaymentIds.Id),
  transaction_id: Schema.NullOr(TransactionIds.Id),
  detail: Schema.String
})
export type Violation = typeof Violation.Type

/** What a violation is about. */
export interface Subject {
  readonly payment?: PaymentId | null
  readonly transaction?: TransactionId | null
}

export const violation = (name: ViolationName, { payment, transaction }: Subject, detail: string): Violation => ({
  name,
  payment_id: payment ?? null,
  transaction_id: transaction ?? null,
  detail
})
