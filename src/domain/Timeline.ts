import { Schema } from "effect"
import { Event } from "./Event.ts"
import { PaymentIds, TransactionIds } from "./Ids.ts"
import { Account } from "./Ledger.ts"
import { Currency } from "./Money.ts"
import { PaymentStatus, TransactionView } from "./Payment.ts"
import { Timestamp } from "./Timestamp.ts"
import { ResolvedBy } from "./Transaction.ts"

const TransactionLink = Schema.NullOr(TransactionIds.Id)

/** One call as it went, with those that only found out what became of another or undid it. */
export const TimelineTransaction = Schema.Struct({
  ...TransactionView.fields,
  /** In minor units; null when EPX named no amount. */
  amount_approved: Schema.NullOr(Schema.Int),
  /** The call of which it found out what became of it. */
  probe_of: TransactionLink,
  /** The call that EPX was to undo by its pair, since no answer to it came. */
  reversal_of: TransactionLink,
  /** The probe by which it was carried out after all. */
  done_by: TransactionLink,
  doubt: Schema.NullOr(Schema.String),
  late_response_code: Schema.NullOr(Schema.String),
  /** Probes and reversals of it. */
  attempts: Schema.Int,
  lookups: Schema.Int,
  resolved_by: Schema.NullOr(ResolvedBy),
  trace_id: Schema.NullOr(Schema.String),
  settled_at: Schema.NullOr(Timestamp)
}).annotate({
  identifier: "TimelineTransaction",
  description:
    "One call to the card network. `probe_of` and `reversal_of` mark those that only found out what became of " +
    "another, " +
    "or undid it. `doubt` is why an outcome was not known, `resolved_by` how it became known; `settled_at` is when."
})

/** One side of a movement. The entries of one transaction sum to zero. */
export const LedgerEntry = Schema.Struct({
  transaction_id: TransactionIds.Id,
  account: Account,
  currency: Currency,
  amount: Schema.Int,
  created_at: Timestamp
}).annotate({
  identifier: "LedgerEntry",
  description: "One side of a movement, in minor units. The entries of one transaction sum to zero."
})

/** All that is on record about a payment, each part the oldest first. */
export const Timeline = Schema.Struct({
  object: Schema.Literal("timeline"),
  payment_id: PaymentIds.Id,
  status: PaymentStatus,
  transactions: Schema.Array(TimelineTransaction),
  ledger_entries: Schema.Array(LedgerEntry),
  events: Schema.Array(Event)
}).annotate({
  identifier: "Timeline",
  description: "All that is on record about a payment, each part the oldest first."
})
export type Timeline = typeof Timeline.Type
