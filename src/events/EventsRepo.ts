import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Event } from "../domain/Event.ts"
import { type EventId, EventIds, MerchantIds, type PaymentId, PaymentIds, TransactionIds } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { behind } from "../postgres/Behind.ts"
import { Database } from "../postgres/Database.ts"
import { rowsOf } from "../postgres/Row.ts"

/** Events older than `before`, the newest first; a filter that is null lets all through. */
export interface EventPage {
  readonly limit: number
  readonly before: EventId | null
  readonly type: string | null
  readonly paymentId: PaymentId | null
}

/** Reads of the outbox; each sees one tenant only. */
export class EventsRepo extends Context.Service<
  EventsRepo,
  {
    list(tenant: Tenant, page: EventPage): Effect.Effect<ReadonlyArray<Event>, DatabaseUnavailable>
  }
>()("payment-service/events/EventsRepo") {
  static readonly layer = Layer.effect(
    EventsRepo,
    Effect.gen(function* () {
      const statements = behind(yield* Database)
      return EventsRepo.of({
        list: Effect.fn("EventsRepo.list")((tenant: Tenant, page: EventPage) => {
          const place = page.before === null ? null : EventIds.toUuid(page.before)
          return eventRows(statements(place)((sql) => listStatement(sql, tenant, page)))
        })
      })
    })
  )
}

const eventRows = rowsOf(
  Schema.Struct({
    ...Event.fields,
    id: EventIds.Column,
    payment_id: PaymentIds.Column,
    transaction_id: TransactionIds.Column,
    created_at: Schema.DateTimeUtcFromDate
  })
)

const listStatement = (
  sql: PgClient.PgClient,
  { environment, merchantId }: Tenant,
  { before, limit, paymentId, type }: EventPage
) => {
  const conditions = [
    sql`e.merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid AND e.environment = ${environment}`,
    ...(before === null ? [] : [sql`e.id < ${EventIds.toUuid(before)}::uuid`]),
    ...(type === null ? [] : [sql`e.type = ${type}`]),
    ...(paymentId === null ? [] : [sql`e.payment_id = ${PaymentIds.toUuid(paymentId)}::uuid`])
  ]
  return sql`SELECT e.id, 'event' AS object, e.type, e.payment_id, e.transaction_id, e.created_at, e.payload AS data
    FROM events e WHERE ${sql.and(conditions)} ORDER BY e.id DESC LIMIT ${limit}`
}
