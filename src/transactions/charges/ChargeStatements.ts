import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../../domain/Ids.ts"
import type { Tenant } from "../../domain/Tenant.ts"
import { grouped } from "../../postgres/Grouped.ts"
import { paymentColumns, transactionsOf } from "../../postgres/PaymentRow.ts"
import { prepared } from "../../postgres/Prepared.ts"
import { isCanceledKey } from "../CanceledKey.ts"
import { chargeLease, duplicateWindow, fence } from "../Deadlines.ts"
import { isStopped, terminalOf } from "../Terminal.ts"
import type { Charge, ChargeIds } from "./Charge.ts"

/** What a claim is made of beside what is asked for. */
interface ChargeClaim extends ChargeIds {
  /** Keyed fingerprint of the instrument. */
  readonly source: Uint8Array
  /** Keyed fingerprint of instrument, amount and order; null: the same again is no mistake. */
  readonly duplicate: Uint8Array | null
  readonly traceId: string | null
}

export interface ChargeInput {
  readonly charge: Charge
  readonly claim: ChargeClaim
}

/**
 * Here amounts are reserved: a payment and its call become rows together or not at all. A guard that another payment
 * has set up lately stops the claim, unless nothing came of that payment; of two at once the second waits for the
 * first. No two of the charges may have a key or a guard in common. Whatever may be waited for is taken in one order,
 * so that no two statements wait for each other.
 */
export const claimStatement = grouped<ChargeInput>((sql, param) => {
  const type = param(({ charge }) => charge.type)
  const key = param(({ charge }) => charge.idempotencyKey)
  const transactionId = sql`${param(({ claim }) => TransactionIds.toUuid(claim.transactionId))}::uuid`
  const paymentId = sql`${param(({ claim }) => PaymentIds.toUuid(claim.paymentId))}::uuid`
  const duplicate = sql`${param(({ claim }) => claim.duplicate)}::bytea`
  const asking = {
    operation: type,
    merchantId: param(({ charge }) => MerchantIds.toUuid(charge.merchantId)),
    environment: param(({ charge }) => charge.environment),
    keyId: param(({ charge }) => ApiKeyIds.toUuid(charge.keyId))
  }
  return sql`terminal AS (
    SELECT asked.*, own.* FROM asked CROSS JOIN LATERAL (${terminalOf(sql, asking)}) AS own
  ), guard AS (
    INSERT INTO duplicate_guards (merchant_id, fingerprint, payment_id, expires_at)
    SELECT merchant_id, ${duplicate}, ${paymentId}, now() + ${sql.literal(after(duplicateWindow))}
    FROM terminal AS asked
    WHERE ${duplicate} IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM transactions o WHERE o.merchant_id = asked.merchant_id AND o.environment = asked.environment
        AND o.idempotency_key = ${key} AND (o.status <> 'failed' OR o.key_canceled)
    )
    ORDER BY 1, 2
    ON CONFLICT (merchant_id, fingerprint) DO UPDATE SET payment_id = excluded.payment_id,
      expires_at = excluded.expires_at
    WHERE duplicate_guards.expires_at <= now() OR duplicate_guards.payment_id = excluded.payment_id
      OR EXISTS (
        SELECT 1 FROM payments WHERE id = duplicate_guards.payment_id
          AND status IN ('declined', 'failed', 'reversed', 'voided', 'expired')
      )
    RETURNING payment_id
  ), t AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, merch_nbr,
      batch_id, cutoff_at, tran_nbr, idempotency_key, fingerprint, source_fingerprint, trace_id, send_by, lease_until)
    SELECT ${transactionId}, ${paymentId}, merchant_id, environment, id, ${type}, 'submitting',
      ${param(({ charge }) => charge.amount)}::int4, merch_nbr, batch_id, cutoff_at, nextval('tran_nbr'), ${key},
      ${param(({ charge }) => charge.fingerprint)}::bytea, ${param(({ claim }) => claim.source)}::bytea,
      ${param(({ claim }) => claim.traceId)}::text, now() + ${sql.literal(after(fence))},
      now() + ${sql.literal(after(chargeLease))}
    FROM terminal AS asked
    WHERE ${duplicate} IS NULL OR EXISTS (SELECT 1 FROM guard WHERE guard.payment_id = ${paymentId})
    ORDER BY merchant_id, environment, ${key}
    ON CONFLICT (merchant_id, environment, idempotency_key) WHERE status <> 'failed' DO NOTHING
    RETURNING id, payment_id, merchant_id, environment, amount, batch_id, tran_nbr
  ), p AS (
    INSERT INTO payments (id, merchant_id, environment, type, first_status, multiple_captures, currency, amount,
      customer_id, order_ref, metadata)
    SELECT t.payment_id, t.merchant_id, t.environment, ${type}, 'submitting', asked.multiple_captures,
      ${param(({ charge }) => charge.currency)}, t.amount, ${param(({ charge }) => charge.customerId)}::text,
      ${param(({ charge }) => charge.orderRef)}::text, ${param(({ charge }) => JSON.stringify(charge.metadata))}::jsonb
    FROM t JOIN terminal AS asked ON ${transactionId} = t.id
  )
  SELECT t.id, t.batch_id, t.tran_nbr::float8 AS tran_nbr, asked.cust_nbr, asked.merch_nbr,
    asked.dba_nbr, asked.terminal_nbr, asked.partial_approvals, asked.reject_on_avs, asked.reject_on_cvv
  FROM t JOIN terminal AS asked ON ${transactionId} = t.id`
})

const after = (time: Duration.Duration) => `interval '${Duration.toSeconds(time)} seconds'`

/** What stands under a key: the payment, and the call that came with it. */
export const existingStatement = prepared<Tenant & { readonly key: string }>(
  (sql, param) => sql`SELECT ${paymentColumns(sql)}, k.fingerprint, k.id AS transaction_id, k.type AS transaction_type,
    k.status AS transaction_status, k.batch_id, k.tran_nbr::float8 AS tran_nbr, terminals.cust_nbr, terminals.merch_nbr,
    terminals.dba_nbr, terminals.terminal_nbr, terminals.partial_approvals, merchants.reject_on_avs,
    merchants.reject_on_cvv, p.undo IS NULL OR p.first_status <> 'approved' AS is_left_alone,
    ${transactionsOf(sql)}
  FROM transactions k JOIN payments p ON p.id = k.payment_id JOIN terminals ON terminals.id = k.terminal_id
  JOIN merchants ON merchants.id = k.merchant_id
  WHERE k.merchant_id = ${param(({ merchantId }) => MerchantIds.toUuid(merchantId))}::uuid
    AND k.environment = ${param(({ environment }) => environment)}
    AND k.idempotency_key = ${param(({ key }) => key)} AND k.status <> 'failed'`
)

/** Why a charge may not be claimed though no payment stands under its key. */
export const standingStatement = (sql: PgClient.PgClient, charge: Charge, duplicate: Uint8Array | null) => sql`
  SELECT merchants.status = 'active' AS is_active,
    EXISTS (
      SELECT 1 FROM api_keys WHERE id = ${ApiKeyIds.toUuid(charge.keyId)}::uuid AND merchant_id = merchants.id
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ) AS has_key,
    ${isStopped(sql, charge.type, "merchants.id")} AS is_stopped,
    EXISTS (
      SELECT 1 FROM terminals WHERE merchant_id = merchants.id AND environment = ${charge.environment}
    ) AS has_terminal,
    EXISTS (
      SELECT 1 FROM transactions WHERE merchant_id = merchants.id AND environment = ${charge.environment}
        AND idempotency_key = ${charge.idempotencyKey} AND ${sql.literal(isCanceledKey)}
    ) AS is_canceled,
    (
      SELECT g.payment_id FROM duplicate_guards g WHERE g.merchant_id = merchants.id
        AND g.fingerprint = ${duplicate}::bytea AND g.expires_at > now()
    ) AS duplicate_of
  FROM merchants WHERE id = ${MerchantIds.toUuid(charge.merchantId)}::uuid`
