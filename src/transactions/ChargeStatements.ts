import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../domain/Ids.ts"
import { paymentColumns, transactionObject } from "../postgres/PaymentRow.ts"
import type { Charge, ChargeIds, ClaimedCharge } from "./Charge.ts"
import { chargeLease, fence } from "./Deadlines.ts"
import type { Settlement } from "./Settlement.ts"

/** The bytes that stand for a BRIC in a row. */
export interface BricColumns {
  readonly sealed: Uint8Array | null
  readonly keyId: string | null
  readonly fingerprint: Uint8Array | null
}

/**
 * Here an amount is reserved: payment and call become rows together or not at all. Whether the merchant may charge is
 * read again here, since what a cache said may be a minute old. BATCH_ID is the business date: the first whose cut-off,
 * by the clocks of the terminal, is still to come. Instants are compared, because where clocks go back times of day do.
 */
export const claimStatement = (sql: PgClient.PgClient, charge: Charge, ids: ChargeIds, source: Uint8Array) => sql`
  WITH terminal AS (
    SELECT terminals.*,
      to_char((now() AT TIME ZONE settlement_zone)::date + (
        now() >= ((now() AT TIME ZONE settlement_zone)::date + settlement_cutoff) AT TIME ZONE settlement_zone
      )::int4, 'YYYYMMDD') AS batch_id
    FROM terminals
    JOIN merchants ON merchants.id = terminals.merchant_id AND merchants.status = 'active'
    JOIN api_keys ON api_keys.merchant_id = merchants.id AND api_keys.environment = terminals.environment
      AND api_keys.id = ${ApiKeyIds.toUuid(charge.keyId)}::uuid AND api_keys.revoked_at IS NULL
      AND (api_keys.expires_at IS NULL OR api_keys.expires_at > now())
    WHERE terminals.merchant_id = ${MerchantIds.toUuid(charge.merchantId)}::uuid
      AND terminals.environment = ${charge.environment}
  ), t AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, merch_nbr,
      batch_id, tran_nbr, idempotency_key, fingerprint, source_fingerprint, send_by, lease_until)
    SELECT ${TransactionIds.toUuid(ids.transactionId)}::uuid, ${PaymentIds.toUuid(ids.paymentId)}::uuid, merchant_id,
      environment, id, ${charge.type}, 'submitting', ${charge.amount}::int4, merch_nbr, batch_id, nextval('tran_nbr'),
      ${charge.idempotencyKey}, ${charge.fingerprint}::bytea, ${source}::bytea,
      now() + ${Duration.toSeconds(fence)}::int4 * interval '1 second',
      now() + ${Duration.toSeconds(chargeLease)}::int4 * interval '1 second'
    FROM terminal
    ON CONFLICT (merchant_id, environment, idempotency_key) WHERE status <> 'failed' DO NOTHING
    RETURNING payment_id, merchant_id, environment, amount, batch_id, tran_nbr
  ), p AS (
    INSERT INTO payments (id, merchant_id, environment, status, currency, amount, customer_id, order_ref, metadata)
    SELECT payment_id, merchant_id, environment, 'processing', ${charge.currency}, amount, ${charge.customerId}::text,
      ${charge.orderRef}::text, ${sql.json(charge.metadata)}::jsonb
    FROM t
  )
  SELECT t.batch_id, t.tran_nbr::float8 AS tran_nbr, terminal.cust_nbr, terminal.merch_nbr, terminal.dba_nbr,
    terminal.terminal_nbr
  FROM t, terminal`

/** What the key of a charge stands for: its payment, and the handle of its call. */
export const existingStatement = (sql: PgClient.PgClient, charge: Charge) => sql`
  SELECT ${paymentColumns(sql)}, k.fingerprint, k.id AS transaction_id, k.batch_id, k.tran_nbr::float8 AS tran_nbr,
    terminals.cust_nbr, terminals.merch_nbr, terminals.dba_nbr, terminals.terminal_nbr,
    (
      SELECT jsonb_agg(${transactionObject(sql)} ORDER BY t.id) FROM transactions t WHERE t.payment_id = p.id
    ) AS transactions
  FROM transactions k JOIN payments p ON p.id = k.payment_id JOIN terminals ON terminals.id = k.terminal_id
  WHERE k.merchant_id = ${MerchantIds.toUuid(charge.merchantId)}::uuid AND k.environment = ${charge.environment}
    AND k.idempotency_key = ${charge.idempotencyKey} AND k.status <> 'failed'`

/** Why a charge under a new key may not be claimed. */
export const standingStatement = (sql: PgClient.PgClient, charge: Charge) => sql`
  SELECT merchants.status = 'active' AS is_active,
    EXISTS (
      SELECT 1 FROM api_keys WHERE id = ${ApiKeyIds.toUuid(charge.keyId)}::uuid AND merchant_id = merchants.id
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ) AS has_key,
    EXISTS (
      SELECT 1 FROM terminals WHERE merchant_id = merchants.id AND environment = ${charge.environment}
    ) AS has_terminal
  FROM merchants WHERE id = ${MerchantIds.toUuid(charge.merchantId)}::uuid`

/**
 * The payment is locked first, as everywhere. The comparison with the status lets one settle win, and none once a
 * reversal may have undone what it would settle.
 */
export const settleStatement = (
  sql: PgClient.PgClient,
  claimed: ClaimedCharge,
  { answer, decline, doubt, isParked, paymentStatus, status, totals }: Settlement,
  bric: BricColumns,
  eventId: string
) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(claimed.paymentId)}::uuid FOR UPDATE
  ), t AS (
    UPDATE transactions SET status = ${status}, settled_at = now(), doubt = ${doubt}::text,
      next_attempt_at = CASE WHEN ${status} = 'unknown' AND NOT ${isParked} THEN now() END,
      response_code = ${answer?.responseCode ?? null}::text,
      network_response = ${answer?.networkResponse ?? null}::text,
      authorization_code = ${answer?.authorizationCode ?? null}::text, avs = ${answer?.avs ?? null}::text,
      cvv = ${answer?.cvv ?? null}::text, amount_approved = ${answer?.amountApproved ?? null}::int4,
      network_transaction_id = ${answer?.networkTransactionId ?? null}::text,
      bric_sealed = ${bric.sealed}::bytea, bric_key_id = ${bric.keyId}::text,
      bric_fingerprint = ${bric.fingerprint}::bytea
    FROM locked
    WHERE transactions.id = ${TransactionIds.toUuid(claimed.transactionId)}::uuid
      AND (transactions.status = 'submitting' OR transactions.status = 'unknown' AND transactions.reversals = 0)
    RETURNING transactions.*
  ), p AS (
    UPDATE payments SET status = ${paymentStatus}, authorized = ${totals.authorized}::int4,
      captured = ${totals.captured}::int4, card_brand = ${answer?.card.brand ?? null}::text,
      card_last4 = ${answer?.card.last4 ?? null}::text, decline = ${decline === null ? null : sql.json(decline)}::jsonb,
      version = payments.version + 1, updated_at = now()
    FROM t WHERE payments.id = t.payment_id
    RETURNING payments.*
  ), e AS (
    INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
    SELECT ${eventId}::uuid, p.merchant_id, p.environment, 'payment.' || p.status, p.id, t.id,
      jsonb_build_object('status', p.status, 'amount', p.amount, 'currency', p.currency)
    FROM p, t
  )
  SELECT ${paymentColumns(sql)}, jsonb_build_array(${transactionObject(sql)}) AS transactions FROM p, t`

/** Keeps the answer, and the BRIC by which it could be undone, beside an outcome that it no longer decides. */
export const lateStatement = (
  sql: PgClient.PgClient,
  { transactionId }: ClaimedCharge,
  { answer, doubt }: Settlement,
  bric: BricColumns
) => sql`
  UPDATE transactions SET late_response_code = coalesce(${answer?.responseCode ?? null}::text, ${doubt}::text),
    bric_sealed = ${bric.sealed}::bytea, bric_key_id = ${bric.keyId}::text,
    bric_fingerprint = ${bric.fingerprint}::bytea
  WHERE id = ${TransactionIds.toUuid(transactionId)}::uuid AND bric_sealed IS NULL AND late_response_code IS NULL`
