import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { AuditAction, AuditEvent } from "../domain/AuditEvent.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { ApiKeyIds, AuditEventIds, MerchantIds, PaymentIds } from "../domain/Ids.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { limit, pageParameters } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"

const auditEventExample = {
  id: "aud_01m82000000000000000000007",
  object: "audit_event",
  action: "exception.resolved",
  api_key_id: "key_01m82000000000000000000005",
  merchant_id: "mer_01m82000000000000000000004",
  payment_id: "pay_01m82000000000000000000001",
  transaction_id: "txn_01m82000000000000000000002",
  detail: { outcome: "approved", evidence: "EPX case 4711: settled in batch 20261122" },
  request_id: "req_01m82000000000000000000008",
  created_at: "2026-11-22T16:30:00.000Z"
} as const

export class AuditEventsApi extends HttpApiGroup.make("auditEvents")
  .add(
    HttpApiEndpoint.get("list", "/v1/audit-events", {
      query: {
        limit,
        starting_after: Schema.optionalKey(AuditEventIds.Id),
        action: Schema.optionalKey(AuditAction),
        api_key_id: Schema.optionalKey(ApiKeyIds.Id),
        merchant_id: Schema.optionalKey(MerchantIds.Id),
        payment_id: Schema.optionalKey(PaymentIds.Id)
      },
      success: Schema.Struct({ data: Schema.Array(AuditEvent), has_more: Schema.Boolean }).annotate({
        identifier: "AuditEventList"
      }),
      error: problem(DatabaseUnavailable)
    }).annotateMerge(
      operation({
        summary: "List what operators did, the newest first",
        toleratesLag: true,
        parameters: {
          ...pageParameters,
          action: { description: "Only this action." },
          api_key_id: { description: "Only what this operator key did." },
          merchant_id: { description: "Only what was done to this merchant." },
          payment_id: { description: "Only what was done to this payment." }
        },
        answers: { 200: { data: [auditEventExample], has_more: false } }
      })
    )
  )
  .middleware(OperatorAuthentication)
  .annotateMerge(
    OpenApi.annotations({ title: "Audit events", description: "What operators did, kept with what came of it." })
  ) {}
