import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { MerchantIds, type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { Payment, PaymentStatus } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { Database } from "../postgres/Database.ts"
import { PaymentRow, paymentColumns, toPayment, transactionsOf } from "../postgres/PaymentRow.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"

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

      const find = Effect.fn("PaymentsRepo.find")(function* (tenant: Tenant, id: PaymentId) {
        return Option.map(yield* paymentRow(pipelined((sql) => findStatement(sql, tenant, id))), toPayment)
      })
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

const isOf = (sql: PgClient.PgClient, { environment, merchantId }: Tenant) =>
  sql`p.merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid AND p.environment = ${environment}`

const findStatement = (sql: PgClient.PgClient, tenant: Tenant, id: PaymentId) =>
  sql`SELECT ${columns(sql)} FROM payments p WHERE ${isOf(sql, tenant)} AND p.id = ${PaymentIds.toUuid(id)}::uuid`

const listStatement = (sql: PgClient.PgClient, tenant: Tenant, { before, limit, status }: PaymentPage) => {
  const conditions = [
    isOf(sql, tenant),
    ...(before === null ? [] : [sql`p.id < ${PaymentIds.toUuid(before)}::uuid`]),
    ...(status === null ? [] : [sql`p.status = ${status}`])
  ]
  return sql`SELECT ${columns(sql)} FROM payments p WHERE ${sql.and(conditions)} ORDER BY p.id DESC LIMIT ${limit}`
}
