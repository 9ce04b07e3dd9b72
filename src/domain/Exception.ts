import { Schema } from "effect"
import { MerchantIds, PaymentIds, TerminalIds, TransactionIds } from "./Ids.ts"
import { Amount, Currency } from "./Money.ts"
import { PaymentStatus } from "./Payment.ts"
import { Environment, FourPartKey, Pair } from "./Terminal.ts"
import { Timestamp } from "./Timestamp.ts"
import { TransactionStatus, TransactionType } from "./Transaction.ts"

/** What a person may find that became of a call. */
export const Outcome = Schema.Literals([
  "approved",
  "declined",
  /** It did not happen at EPX. */
  "failed",
  /** It happened, and was undone outside of the service. */
  "reversed"
])
export type Outcome = typeof Outcome.Type

export const ExceptionKind = Schema.Literals([
  /** Nothing automatic is left to try. */
  "unknown_outcome",
  /** The payment is to be undone, and that cannot go on. */
  "stalled_undo",
  /** EPX approved what had been called failed, and the void of it does not go through. */
  "late_approval",
  /** It was carried out, and the token by which it could be undone is lost. */
  "missing_token"
])
export type ExceptionKind = typeof ExceptionKind.Type

/**
 * The outcomes that fit. Of a stalled undo they are outcomes of the void that is to be taken for made. What has its
 * outcome keeps it: a late approval is undone at EPX or was not there, and a token comes to what is approved.
 */
export const outcomesOf = (
  kind: ExceptionKind,
  type: TransactionType,
  status: TransactionStatus
): ReadonlyArray<Outcome> => {
  if (kind === "late_approval") return ["failed", "reversed"]
  if (kind === "missing_token") return ["approved"]
  // What has settled cannot have been voided.
  if (kind === "stalled_undo") return status === "settled" ? ["declined", "failed"] : ["approved", "declined", "failed"]
  return type === "sale" || type === "authorization"
    ? ["approved", "declined", "failed", "reversed"]
    : ["approved", "declined", "failed"]
}

/** A timeout reversal or probe, and what it came to. */
export const ExceptionAttempt = Schema.Struct({
  id: TransactionIds.Id,
  kind: Schema.Literals(["reversal", "probe"]),
  type: TransactionType,
  status: TransactionStatus,
  response_code: Schema.NullOr(Schema.String),
  doubt: Schema.NullOr(Schema.String),
  batch_id: Pair.fields.batch_id,
  tran_nbr: Pair.fields.tran_nbr,
  created_at: Timestamp
}).annotate({ identifier: "ExceptionAttempt", description: "A timeout reversal or probe, and what it came to." })

/** What only a person can find out, with all that EPX may be asked by. For operators: it shows the four-part key. */
export const Exception = Schema.Struct({
  id: TransactionIds.Id,
  object: Schema.Literal("exception"),
  kind: ExceptionKind,
  /** What it may be resolved to. */
  outcomes: Schema.Array(Outcome),
  environment: Environment,
  merchant_id: MerchantIds.Id,
  merchant_name: Schema.String,
  terminal: Schema.Struct({ id: TerminalIds.Id, ...FourPartKey.fields }),
  payment_id: PaymentIds.Id,
  payment_status: PaymentStatus,
  /** Why the payment is to be undone. */
  undo: Schema.NullOr(Schema.String),
  type: TransactionType,
  status: TransactionStatus,
  amount: Amount,
  currency: Currency,
  batch_id: Schema.NullOr(Pair.fields.batch_id),
  tran_nbr: Schema.NullOr(Pair.fields.tran_nbr),
  target_id: Schema.NullOr(TransactionIds.Id),
  reason: Schema.NullOr(Schema.String),
  doubt: Schema.NullOr(Schema.String),
  response_code: Schema.NullOr(Schema.String),
  network_response: Schema.NullOr(Schema.String),
  late_response_code: Schema.NullOr(Schema.String),
  /** The token is known, so what stands could be voided or refunded. */
  has_bric: Schema.Boolean,
  attempts: Schema.Array(ExceptionAttempt),
  lookups: Schema.Int,
  age_seconds: Schema.Int,
  created_at: Timestamp
}).annotate({
  identifier: "Exception",
  description:
    "What only a person can find out. `unknown_outcome`: nothing automatic is left to try about this call. " +
    "`stalled_undo`: this transaction stands and is to be voided, but the service cannot. `late_approval`: EPX " +
    "approved it after it had failed here, and the void does not go through. `missing_token`: it was carried out, " +
    "but cannot be voided or refunded without EPX's token. `batch_id` and `tran_nbr` are EPX's handle of the call."
})
export type Exception = typeof Exception.Type
