import type { PgClient } from "@effect/sql-pg"
import {
  type MerchantId,
  MerchantIds,
  type PaymentId,
  PaymentIds,
  type TransactionId,
  TransactionIds
} from "../domain/Ids.ts"

const millis = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column.split(".")[1]}`

/** Columns by name as an object, for the search for secrets. */
const texts = (table: string, columns: ReadonlyArray<string>) =>
  `jsonb_build_object(${columns.map((column) => `'${column}', ${table}.${column}::text`).join(", ")}) AS texts`

const paymentTexts = texts("p", ["customer_id", "order_ref", "metadata", "decline"])

const transactionTexts = texts("t", [
  "idempotency_key",
  "reason",
  "response_code",
  "network_response",
  "authorization_code",
  "avs",
  "cvv",
  "doubt",
  "late_response_code"
])

/**
 * The payments behind `after`, each with all that belongs to it as of one moment: a statement has one snapshot. The
 * tokens stay where they are.
 */
export const booksStatement = (
  sql: PgClient.PgClient,
  page: { readonly after: PaymentId | null; readonly limit: number; readonly merchantId: MerchantId | null }
) => sql`
  WITH page AS MATERIALIZED (
    SELECT * FROM payments
    WHERE (${page.after === null ? null : PaymentIds.toUuid(page.after)}::uuid IS NULL
        OR id > ${page.after === null ? null : PaymentIds.toUuid(page.after)}::uuid)
      AND (${page.merchantId === null ? null : MerchantIds.toUuid(page.merchantId)}::uuid IS NULL
        OR merchant_id = ${page.merchantId === null ? null : MerchantIds.toUuid(page.merchantId)}::uuid)
    ORDER BY id LIMIT ${page.limit}
  )
  SELECT ${bookColumns(sql)} FROM page p ORDER BY p.id`

/** Some payments once more. */
export const booksOfStatement = (sql: PgClient.PgClient, ids: ReadonlyArray<PaymentId>) => sql`
  SELECT ${bookColumns(sql)} FROM payments p WHERE p.id = ANY (${ids.map(PaymentIds.toUuid)}::text[]::uuid[])
  ORDER BY p.id`

const bookColumns = (sql: PgClient.PgClient) =>
  sql.literal(`
    (SELECT to_jsonb(x) FROM (
      SELECT p.id, p.merchant_id, p.environment, p.type, p.first_status, p.status, p.currency, p.amount, p.authorized,
        p.captured, p.refunded, p.pending_capture, p.pending_refund, p.pending_void, p.calls, p.doubts,
        p.multiple_captures, p.capturable, p.refundable, p.held, p.decline IS NOT NULL AS is_declined,
        p.undo IS NOT NULL AS is_to_be_undone, ${paymentTexts}
    ) AS x) AS payment,
    (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM (
      SELECT t.id, t.merchant_id, t.environment, t.type, t.status, t.amount, t.amount_approved, t.target_id, t.probe_of,
        t.reversal_of, t.done_by, t.merch_nbr, t.batch_id, t.tran_nbr, t.idempotency_key, t.refunded, t.pending_refund,
        t.resolved_by, (extract(epoch FROM coalesce(t.claimed_at, t.created_at)) * 1000)::float8 AS created_at,
        ${millis("t.lease_until")}, ${millis("t.next_attempt_at")},
        t.bric_sealed IS NOT NULL AS has_bric, k.lookup_key_sealed IS NOT NULL AS has_lookup,
        coalesce(k.merchant_id = t.merchant_id AND k.environment = t.environment, false) AS has_own_terminal,
        ${transactionTexts}
      FROM transactions t LEFT JOIN terminals k ON k.id = t.terminal_id WHERE t.payment_id = p.id
    ) AS x) AS transactions,
    (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM (
      SELECT transaction_id, account, currency, amount FROM ledger_entries WHERE payment_id = p.id ORDER BY id
    ) AS x) AS entries,
    (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM (
      SELECT v.merchant_id, v.environment, v.transaction_id, v.type,
        ${texts("v", ["payload"])} FROM events v WHERE v.payment_id = p.id ORDER BY v.id
    ) AS x) AS events`)

/** Keys that were cancelled before they were used. */
export const tombstonesStatement = (
  sql: PgClient.PgClient,
  page: { readonly after: TransactionId | null; readonly limit: number; readonly merchantId: MerchantId | null }
) => sql`
  SELECT id, merchant_id, environment, idempotency_key FROM transactions
  WHERE type = 'tombstone'
    AND (${page.after === null ? null : TransactionIds.toUuid(page.after)}::uuid IS NULL
      OR id > ${page.after === null ? null : TransactionIds.toUuid(page.after)}::uuid)
    AND (${page.merchantId === null ? null : MerchantIds.toUuid(page.merchantId)}::uuid IS NULL
      OR merchant_id = ${page.merchantId === null ? null : MerchantIds.toUuid(page.merchantId)}::uuid)
  ORDER BY id LIMIT ${page.limit}`

/** The MERCH_NBRs under which the gateway knows us. */
export const merchNbrsStatement = (sql: PgClient.PgClient, merchantId: MerchantId | null) => sql`
  SELECT DISTINCT merch_nbr FROM terminals
  WHERE ${merchantId === null ? null : MerchantIds.toUuid(merchantId)}::uuid IS NULL
    OR merchant_id = ${merchantId === null ? null : MerchantIds.toUuid(merchantId)}::uuid`

export const nowStatement = (sql: PgClient.PgClient) => sql`SELECT (extract(epoch FROM now()) * 1000)::float8 AS now`
