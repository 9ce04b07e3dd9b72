import { Schema } from "effect"
import { enumeration } from "./Enumeration.ts"
import { ApiKeyIds, AuditEventIds, MerchantIds, PaymentIds, TransactionIds } from "./Ids.ts"
import { Timestamp } from "./Timestamp.ts"

/** What operators do that is kept for good. */
export const AuditAction = enumeration("AuditAction", [
  "exception.resolved",
  "merchant.created",
  "merchant.updated",
  "terminal.created",
  "terminal.updated",
  "api_key.created",
  "api_key.revoked",
  "api_key.rolled",
  "tran_nbr.jumped",
  "kill_switch.thrown",
  "kill_switch.lifted",
  "profile.started"
])
export type AuditAction = typeof AuditAction.Type

/** Who did what, written in the commit that did it. */
export const AuditEvent = Schema.Struct({
  id: AuditEventIds.Id,
  object: Schema.Literal("audit_event"),
  action: AuditAction,
  /** The operator key that did it; null for the command line. */
  api_key_id: Schema.NullOr(ApiKeyIds.Id),
  merchant_id: Schema.NullOr(MerchantIds.Id),
  payment_id: Schema.NullOr(PaymentIds.Id),
  transaction_id: Schema.NullOr(TransactionIds.Id),
  /** What was said or changed; never a secret. */
  detail: Schema.Record(Schema.String, Schema.Unknown),
  request_id: Schema.NullOr(Schema.String),
  created_at: Timestamp
}).annotate({
  identifier: "AuditEvent",
  description: "Who did what. `api_key_id` is the operator key, and null for the command line."
})
export type AuditEvent = typeof AuditEvent.Type
