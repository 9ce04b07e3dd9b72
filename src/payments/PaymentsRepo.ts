import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { MerchantIds, type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { Payment, PaymentStatus } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { Database } from "../postgres/Database.ts"
import { PaymentRow, paymentColumns, toPayment, transactionsOf } from "../postgres/PaymentRow.ts"
import { prepared } from "../postgres/Prepared.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"
import { traced } from "../telemetry/Traced.ts"

/** Payments older than `before`, the newest first. */
export interface PaymentPage {
  readonly limit: number
  readonly before: PaymentId | null
  readonly status: PaymentStatus | null
}

/** Reads of payments; each sees one tenant only. */
export class PaymentsRepo extends Context.Service<
  PaymentsRepo,
  {
    find(tenant: Tenant, id: PaymentId): Effect.Effect<Option.Option<Payment>, DatabaseUnavailable>
    list(tenant: Tenant, page: PaymentPage): Effect.Effect<ReadonlyArray<Payment>, DatabaseUnavailable>
  }
>()("payment-service/payments/PaymentsRepo") {
  static readonly layer = Layer.effect(
    PaymentsRepo,
    Effect.gen(function* () {
      const { pipelined } = yield* Database

      const find = Effect.fnUntraced(function* (tenant: Tenant, id: PaymentId) {
        return Option.map(yield* paymentRow(pipelined((sql) => findStatement(sql, { ...tenant, id }))), toPayment)
      }, traced("PaymentsRepo.find"))
      const list = Effect.fn("PaymentsRepo.list")(function* (tenant: Tenant, page: PaymentPage) {
        return (yield* paymentRows(pipelined((sql) => listStatement(sql, tenant, page)))).map(toPayment)
      })
      return PaymentsRepo.of({ find, list })
    })
  )
}

const paymentRow = rowOf(PaymentRow)
const paymentRows = rowsOf(PaymentRow)

const columns = (sql: PgClient.PgClient) => sql`${paymentColumns(sql)}, ${transactionsOf(sql)}`

const findStatement = prepared<Tenant & { readonly id: PaymentId }>(
  (sql, param) => sql`SELECT ${columns(sql)} FROM payments p
    WHERE p.merchant_id = ${param(({ merchantId }) => MerchantIds.toUuid(merchantId))}::uuid
      AND p.environment = ${param(({ environment }) => environment)}
      AND p.id = ${param(({ id }) => PaymentIds.toUuid(id))}::uuid`
)

export const listStatement = (
  sql: PgClient.PgClient,
  { environment, merchantId }: Tenant,
  { before, limit, status }: PaymentPage
) => {
  const conditions = [
    sql`p.merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid AND p.environment = ${environment}`,
    ...(before === null ? [] : [sql`p.id < ${PaymentIds.toUuid(before)}::uuid`]),
    ...(status === null ? [] : [sql`p.status = ${status}`])
  ]
  return sql`SELECT ${columns(sql)} FROM payments p WHERE ${sql.and(conditions)} ORDER BY p.id DESC LIMIT ${limit}`
}
