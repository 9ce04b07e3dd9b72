import type { PgClient } from "@effect/sql-pg"
import { MerchantIds, type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { PaymentField, PaymentStatus } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { grouped } from "../postgres/Grouped.ts"
import { paymentColumns, paymentVersion, transactionsOf } from "../postgres/PaymentRow.ts"
import type { Param } from "../postgres/Prepared.ts"
import { columnsOf } from "./SparsePayment.ts"

/** Payments older than `before`, the newest first. */
export interface PaymentPage {
  readonly limit: number
  readonly before: PaymentId | null
  readonly status: PaymentStatus | null
  /** Null: all of them. */
  readonly fields: ReadonlySet<PaymentField> | null
}

/** A payment that one tenant asks for: another's is none of its business, in one statement with it or not. */
export interface TenantPayment extends Tenant {
  readonly id: PaymentId
}

export const keyOf = ({ environment, id, merchantId }: TenantPayment) => `${merchantId} ${environment} ${id}`

const columns = (sql: PgClient.PgClient) => sql`${paymentColumns(sql)}, ${transactionsOf(sql)}`

const asked = (sql: PgClient.PgClient, param: Param<TenantPayment>) => sql`asked JOIN payments p
  ON p.id = ${param(({ id }) => PaymentIds.toUuid(id))}::uuid
    AND p.merchant_id = ${param(({ merchantId }) => MerchantIds.toUuid(merchantId))}::uuid
    AND p.environment = ${param(({ environment }) => environment)}`

/** Where several ask for one payment, it comes once for each. */
export const findStatement = grouped<TenantPayment>(
  (sql, param) => sql`found AS (
    SELECT ${param(keyOf)} AS asked_for, p.version, ${columns(sql)} FROM ${asked(sql, param)}
  ) SELECT * FROM found`
)

/** Nothing of a payment but its version, as `progressOf` counts it. */
export const versionStatement = grouped<TenantPayment>(
  (sql, param) => sql`found AS (
    SELECT ${param(keyOf)} AS asked_for, ${sql.literal(paymentVersion)} AS version
    FROM ${asked(sql, param)}
  ) SELECT * FROM found`
)

const tenantCondition = (sql: PgClient.PgClient, { environment, merchantId }: Tenant) =>
  sql`p.merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid AND p.environment = ${environment}`

const selected = (sql: PgClient.PgClient, fields: ReadonlySet<PaymentField> | null) => {
  if (fields === null) return columns(sql)
  const own = sql.literal(columnsOf(fields))
  return fields.has("transactions") ? sql`${own}, ${transactionsOf(sql)}` : own
}

/** There are no nulls, but of the indexes only those of a merchant would have them last. */
export const listStatement = (
  sql: PgClient.PgClient,
  tenant: Tenant,
  { before, fields, limit, status }: PaymentPage
) => {
  const conditions = [
    tenantCondition(sql, tenant),
    ...(before === null ? [] : [sql`p.id < ${PaymentIds.toUuid(before)}::uuid`]),
    ...(status === null ? [] : [sql`p.status = ${status}`])
  ]
  return sql`
    SELECT ${selected(sql, fields)} FROM payments p WHERE ${sql.and(conditions)}
    ORDER BY p.id DESC NULLS LAST LIMIT ${limit}`
}

/** In any order. */
export const namedStatement = (
  sql: PgClient.PgClient,
  tenant: Tenant,
  ids: ReadonlyArray<PaymentId>,
  fields: ReadonlySet<PaymentField> | null
) => sql`
  SELECT ${selected(sql, fields)} FROM payments p
  WHERE p.id = ANY (${ids.map(PaymentIds.toUuid)}::text[]::uuid[]) AND ${tenantCondition(sql, tenant)}`
