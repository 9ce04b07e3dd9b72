import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { type AuditAction, AuditEvent } from "../domain/AuditEvent.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import {
  type ApiKeyId,
  ApiKeyIds,
  type AuditEventId,
  AuditEventIds,
  type MerchantId,
  MerchantIds,
  type PaymentId,
  PaymentIds,
  TransactionIds
} from "../domain/Ids.ts"
import { behind } from "../postgres/Behind.ts"
import { Database } from "../postgres/Database.ts"
import { rowsOf } from "../postgres/Row.ts"

/** Which audit events, the newest first. */
export interface AuditQuery {
  readonly limit: number
  readonly starting_after?: AuditEventId | undefined
  readonly action?: AuditAction | undefined
  readonly api_key_id?: ApiKeyId | undefined
  readonly merchant_id?: MerchantId | undefined
  readonly payment_id?: PaymentId | undefined
}

export class AuditEventsRepo extends Context.Service<
  AuditEventsRepo,
  { list(query: AuditQuery): Effect.Effect<ReadonlyArray<AuditEvent>, DatabaseUnavailable> }
>()("payment-service/audit/AuditEventsRepo") {
  static readonly layer = Layer.effect(
    AuditEventsRepo,
    Effect.gen(function* () {
      const statements = behind(yield* Database)
      return AuditEventsRepo.of({
        list: Effect.fn("AuditEventsRepo.list")((query: AuditQuery) => {
          const { starting_after } = query
          const place = starting_after === undefined ? null : AuditEventIds.toUuid(starting_after)
          return auditRows(statements(place)((sql) => listStatement(sql, query)))
        })
      })
    })
  )
}

const auditRows = rowsOf(
  Schema.Struct({
    ...AuditEvent.fields,
    id: AuditEventIds.Column,
    api_key_id: Schema.NullOr(ApiKeyIds.Column),
    merchant_id: Schema.NullOr(MerchantIds.Column),
    payment_id: Schema.NullOr(PaymentIds.Column),
    transaction_id: Schema.NullOr(TransactionIds.Column),
    created_at: Schema.DateTimeUtcFromDate
  })
)

const listStatement = (sql: PgClient.PgClient, query: AuditQuery) => {
  const { action, api_key_id, limit, merchant_id, payment_id, starting_after } = query
  const filters = [
    ...(action === undefined ? [] : [sql`a.action = ${action}`]),
    ...(api_key_id === undefined ? [] : [sql`a.api_key_id = ${ApiKeyIds.toUuid(api_key_id)}::uuid`]),
    ...(merchant_id === undefined ? [] : [sql`a.merchant_id = ${MerchantIds.toUuid(merchant_id)}::uuid`]),
    ...(payment_id === undefined ? [] : [sql`a.payment_id = ${PaymentIds.toUuid(payment_id)}::uuid`])
  ]
  const isBehind = starting_after === undefined ? "true" : sql`a.id < ${AuditEventIds.toUuid(starting_after)}::uuid`
  // There are no nulls, but only the indexes of a filter would have them last.
  const order = sql.literal(filters.length === 0 ? "a.id DESC" : "a.id DESC NULLS LAST")
  return sql`SELECT a.id, 'audit_event' AS object, a.action, a.api_key_id, a.merchant_id, a.payment_id,
      a.transaction_id, a.detail, a.request_id, a.created_at
    FROM audit_events a WHERE ${sql.and([isBehind, ...filters])} ORDER BY ${order} LIMIT ${limit}`
}
