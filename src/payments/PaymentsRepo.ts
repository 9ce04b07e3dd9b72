import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Predicate } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { MerchantIds, type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { Payment, PaymentStatus } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { makeBatches } from "../postgres/Batches.ts"
import { Database } from "../postgres/Database.ts"
import { grouped } from "../postgres/Grouped.ts"
import { PaymentRow, paymentColumns, paymentOf, toPayment, transactionsOf } from "../postgres/PaymentRow.ts"
import { rawRows, rowsOf } from "../postgres/Row.ts"
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

      const { ask: findTogether } = yield* makeBatches<TenantPayment, unknown>({
        run: (asked) => rawRows(pipelined((sql) => findStatement(sql, asked))),
        idOf: keyOf,
        rowIdOf: (row) => (Predicate.hasProperty(row, "asked_for") ? row.asked_for : undefined),
        kindOf: () => "payment",
        // A statement that takes too long is not helped by thirty more.
        mayRepeat: false,
        // Two may well ask for the same payment.
        claimsOf: () => []
      })

      const inSpan = traced("PaymentsRepo.find")
      const find = ({ environment, merchantId }: Tenant, id: PaymentId) =>
        inSpan(Effect.map(findTogether({ environment, merchantId, id }), Option.map(paymentOf)))

      const list = Effect.fn("PaymentsRepo.list")(function* (tenant: Tenant, page: PaymentPage) {
        return (yield* paymentRows(pipelined((sql) => listStatement(sql, tenant, page)))).map(toPayment)
      })
      return PaymentsRepo.of({ find, list })
    })
  )
}

/** A payment that one tenant asks for: another's is none of its business, in one statement with it or not. */
interface TenantPayment extends Tenant {
  readonly id: PaymentId
}

const keyOf = ({ environment, id, merchantId }: TenantPayment) => `${merchantId} ${environment} ${id}`

const paymentRows = rowsOf(PaymentRow)

const columns = (sql: PgClient.PgClient) => sql`${paymentColumns(sql)}, ${transactionsOf(sql)}`

/** Where several ask for one payment, it comes once for each. */
export const findStatement = grouped<TenantPayment>(
  (sql, param) => sql`found AS (
    SELECT ${param(keyOf)} AS asked_for, ${columns(sql)} FROM asked JOIN payments p
      ON p.id = ${param(({ id }) => PaymentIds.toUuid(id))}::uuid
        AND p.merchant_id = ${param(({ merchantId }) => MerchantIds.toUuid(merchantId))}::uuid
        AND p.environment = ${param(({ environment }) => environment)}
  ) SELECT * FROM found`
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
