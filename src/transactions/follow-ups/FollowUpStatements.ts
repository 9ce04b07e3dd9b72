import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import { MerchantIds, PaymentIds, type TransactionId, TransactionIds } from "../../domain/Ids.ts"
import { paymentColumns, paymentVersion, transactionsOf } from "../../postgres/PaymentRow.ts"
import { isCanceledKey } from "../CanceledKey.ts"
import { claimedColumns } from "../ClaimedCall.ts"
import { fence, followUpLease, voidMargin } from "../Deadlines.ts"
import { askingOf, isStopped, terminalOf } from "../Terminal.ts"
import type { FollowUp } from "./FollowUp.ts"

// In each claim: the payment is locked first, and whether it fits is judged by the columns of its row, which the lock
// makes current. Other rows are as old as the statement unless they are locked as well, so a claim that finds nothing
// is no refusal yet. Call and reservation become rows together or not at all, and a key that is taken reserves nothing.

/** What a claim is made of beside what is asked for. */
export interface Claim {
  readonly id: TransactionId
  readonly traceId: string | null
  /** From the cut-off of a batch until its items are taken for settled, in seconds. */
  readonly settlementDelay_s: number
}

const seconds = (duration: Duration.Duration) => Duration.toSeconds(duration)
const idOf = (id: TransactionId | null) => (id === null ? null : TransactionIds.toUuid(id))

/** The payment `p`, locked, and the terminal `k` its calls go to. */
const found = (sql: PgClient.PgClient, followUp: FollowUp) => sql`
  p AS MATERIALIZED (
    SELECT * FROM payments WHERE id = ${PaymentIds.toUuid(followUp.paymentId)}::uuid
      AND merchant_id = ${MerchantIds.toUuid(followUp.merchantId)}::uuid AND environment = ${followUp.environment}
    FOR UPDATE
  ), k AS (${terminalOf(sql, askingOf(followUp))})`

/** Whether the payment `p` is as whoever asks has seen it. What a lock has waited for is in its version. */
const isAsSeen = (sql: PgClient.PgClient, { versions }: FollowUp) =>
  versions === null ? sql.literal("true") : sql`${sql.literal(paymentVersion)} = ANY (${versions}::text[]::int4[])`

/** Inserts the call `c` on the target `g`, and reserves its amount. */
const recorded = (sql: PgClient.PgClient, followUp: FollowUp, { id, traceId }: Claim) => sql`
  c AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, target_id,
      reason, idempotency_key, fingerprint, trace_id, next_attempt_at, merch_nbr, batch_id, tran_nbr, cutoff_at,
        send_by,
      lease_until)
    SELECT ${TransactionIds.toUuid(id)}::uuid, g.payment_id, g.merchant_id, g.environment, g.terminal_id,
      ${followUp.type}, g.claim_status, g.claim_amount, g.id,
      ${followUp.type === "refund" ? followUp.reason : null}::text, ${followUp.idempotencyKey},
      ${followUp.fingerprint}::bytea, ${traceId}::text, g.claim_at, now_.*
    FROM g JOIN k ON k.id = g.terminal_id JOIN p ON ${isAsSeen(sql, followUp)}
    LEFT JOIN LATERAL (
      SELECT k.merch_nbr, k.batch_id, nextval('tran_nbr'), k.cutoff_at,
        now() + ${seconds(fence)}::int4 * interval '1 second',
        now() + ${seconds(followUpLease)}::int4 * interval '1 second'
      WHERE g.claim_status = 'submitting'
    ) AS now_ ON true
    ON CONFLICT (merchant_id, environment, idempotency_key) WHERE status <> 'failed' DO NOTHING
    RETURNING *
  )`

const answer = (sql: PgClient.PgClient) => sql`
  SELECT ${claimedColumns(sql)} FROM c JOIN k ON true JOIN g ON true LEFT JOIN transactions d ON d.id = g.done_by`

export const claimCaptureStatement = (
  sql: PgClient.PgClient,
  followUp: FollowUp & { readonly type: "capture" },
  claim: Claim
) => sql`
  WITH ${found(sql, followUp)}, g AS MATERIALIZED (
    SELECT t.*, coalesce(${followUp.amount}::int4, p.capturable) AS claim_amount, 'submitting' AS claim_status,
      NULL::timestamptz AS claim_at
    FROM p JOIN transactions t ON t.payment_id = p.id
    WHERE t.type = 'authorization' AND t.bric_sealed IS NOT NULL AND p.expires_at > now()
      AND p.capturable >= coalesce(${followUp.amount}::int4, 1)
    FOR UPDATE OF t
  ), ${recorded(sql, followUp, claim)}, u AS (
    UPDATE payments SET pending_capture = payments.pending_capture + c.amount, calls = payments.calls + 1,
      version = payments.version + 1, updated_at = now()
    FROM c WHERE payments.id = c.payment_id
  )
  ${answer(sql)}`

/** A refund of what has not settled waits; but a whole one of what can still be voided is not claimed. */
export const claimRefundStatement = (
  sql: PgClient.PgClient,
  followUp: FollowUp & { readonly type: "refund" },
  claim: Claim
) => sql`
  WITH ${found(sql, followUp)}, g AS MATERIALIZED (
    SELECT t.*, coalesce(${followUp.amount}::int4, has.left_over) AS claim_amount,
      CASE t.status WHEN 'settled' THEN 'submitting' ELSE 'scheduled' END AS claim_status,
      CASE t.status WHEN 'approved' THEN t.cutoff_at + ${claim.settlementDelay_s}::int4 * interval '1 second' END
        AS claim_at
    FROM p JOIN transactions t ON t.payment_id = p.id CROSS JOIN LATERAL (
      SELECT coalesce(t.amount_approved, t.amount) - t.refunded - t.pending_refund AS left_over
    ) AS has
    WHERE t.type IN ('sale', 'capture') AND t.probe_of IS NULL AND t.status IN ('approved', 'settled')
      AND t.bric_sealed IS NOT NULL
      AND (${idOf(followUp.targetId)}::uuid IS NULL OR t.id = ${idOf(followUp.targetId)}::uuid)
      AND has.left_over >= coalesce(${followUp.amount}::int4, 1)
      AND p.refundable >= coalesce(${followUp.amount}::int4, has.left_over)
      AND (t.status = 'settled' OR now() >= t.cutoff_at - ${seconds(voidMargin)}::int4 * interval '1 second'
        OR coalesce(${followUp.amount}::int4, has.left_over) < coalesce(t.amount_approved, t.amount))
    ORDER BY t.id LIMIT 1
    FOR UPDATE OF t
  ), ${recorded(sql, followUp, claim)}, u AS (
    UPDATE payments SET pending_refund = payments.pending_refund + c.amount,
      calls = payments.calls + (c.status = 'submitting')::int4, version = payments.version + 1, updated_at = now()
    FROM c WHERE payments.id = c.payment_id
  ), v AS (
    UPDATE transactions SET pending_refund = transactions.pending_refund + c.amount
    FROM c WHERE transactions.id = c.target_id
  )
  ${answer(sql)}`

/**
 * Nothing else may be in flight. Without a target the whole payment goes: a capture first, and then, since `undo` says
 * so, whatever is left. A payment with captures this statement does not see has none of its others taken for all.
 */
export const claimVoidStatement = (
  sql: PgClient.PgClient,
  followUp: FollowUp & { readonly type: "void" },
  claim: Claim
) => sql`
  WITH ${found(sql, followUp)}, g AS MATERIALIZED (
    SELECT t.*, coalesce(t.amount_approved, t.amount) AS claim_amount, 'submitting' AS claim_status,
      NULL::timestamptz AS claim_at
    FROM p JOIN transactions t ON t.payment_id = p.id
    WHERE p.calls = 0 AND p.doubts = 0 AND NOT p.pending_void AND p.undo IS NULL
      AND t.probe_of IS NULL AND t.status = 'approved' AND t.bric_sealed IS NOT NULL
      AND CASE t.type
        WHEN 'refund' THEN t.id = ${idOf(followUp.targetId)}::uuid
        WHEN 'sale' THEN p.refunded + p.pending_refund = 0
        WHEN 'capture' THEN t.refunded + t.pending_refund = 0
        WHEN 'authorization' THEN p.captured = 0
        ELSE false END
      AND (${idOf(followUp.targetId)}::uuid IS NULL AND p.refunded + p.pending_refund = 0
          AND p.first_status = 'approved'
        OR t.id = ${idOf(followUp.targetId)}::uuid)
      AND NOT EXISTS (
        SELECT 1 FROM transactions o
        WHERE o.payment_id = p.id AND o.type IN ('sale', 'capture', 'refund') AND o.probe_of IS NULL
          AND (${idOf(followUp.targetId)}::uuid IS NULL OR o.id = t.id)
          AND (o.status = 'settled'
            OR o.status = 'approved' AND now() >= o.cutoff_at - ${seconds(voidMargin)}::int4 * interval '1 second')
      )
    ORDER BY (t.type = 'capture') DESC, t.id LIMIT 1
    FOR UPDATE OF t
  ), ${recorded(sql, followUp, claim)}, u AS (
    UPDATE payments SET pending_void = true, calls = payments.calls + 1, version = payments.version + 1,
      updated_at = now(),
      undo = CASE WHEN g.type = 'capture' AND ${idOf(followUp.targetId)}::uuid IS NULL THEN 'requested' END
    FROM c, g WHERE payments.id = c.payment_id
  )
  ${answer(sql)}`

/** A refund that was never sent is given up without a call: its void is on record as done. */
export const unscheduleStatement = (
  sql: PgClient.PgClient,
  followUp: FollowUp & { readonly type: "void" },
  claim: Claim,
  eventIds: readonly [string, string]
) => sql`
  WITH ${found(sql, followUp)}, g AS MATERIALIZED (
    SELECT t.*, t.amount AS claim_amount, 'approved' AS claim_status, NULL::timestamptz AS claim_at
    FROM p JOIN transactions t ON t.payment_id = p.id
    WHERE t.id = ${idOf(followUp.targetId)}::uuid AND t.type = 'refund' AND t.status = 'scheduled'
    FOR UPDATE OF t
  ), ${recorded(sql, followUp, claim)}, r AS (
    UPDATE transactions SET status = 'voided', next_attempt_at = NULL, settled_at = now()
    FROM c WHERE transactions.id = c.target_id
    RETURNING transactions.id, transactions.target_id, transactions.amount
  ), u AS (
    UPDATE payments SET pending_refund = payments.pending_refund - c.amount, version = payments.version + 1,
      updated_at = now()
    FROM c WHERE payments.id = c.payment_id
    RETURNING payments.*
  ), v AS (
    UPDATE transactions SET pending_refund = transactions.pending_refund - r.amount
    FROM r WHERE transactions.id = r.target_id
  ), e AS (
    INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
    SELECT e.id, u.merchant_id, u.environment, e.type, u.id, e.transaction_id,
      jsonb_build_object('status', u.status, 'amount', c.amount, 'currency', u.currency)
    FROM u, c, LATERAL (VALUES (${eventIds[0]}::uuid, 'void.approved', c.id),
      (${eventIds[1]}::uuid, 'refund.voided', c.target_id)) AS e (id, type, transaction_id)
  )
  ${answer(sql)}`

export const paymentStatement = (sql: PgClient.PgClient, { environment, merchantId, paymentId }: FollowUp) => sql`
  SELECT ${paymentColumns(sql)}, ${transactionsOf(sql)} FROM payments p
  WHERE p.id = ${PaymentIds.toUuid(paymentId)}::uuid AND p.merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid
    AND p.environment = ${environment}`

/** A call that stands on record already. */
export const claimedStatement = (sql: PgClient.PgClient, id: TransactionId) => sql`
  SELECT ${claimedColumns(sql)}
  FROM transactions c JOIN terminals k ON k.id = c.terminal_id JOIN transactions g ON g.id = c.target_id
  LEFT JOIN transactions d ON d.id = g.done_by
  WHERE c.id = ${TransactionIds.toUuid(id)}::uuid`

/** What a follow-up is judged by, as it is now. */
export const prospectStatement = (sql: PgClient.PgClient, followUp: FollowUp) => sql`
  SELECT merchants.status = 'active' AS is_active,
    EXISTS (SELECT 1 FROM (${terminalOf(sql, askingOf(followUp))}) AS terminal) AS has_terminal,
    ${isStopped(sql, followUp.type, "merchants.id")} AS is_stopped, ${isAsSeen(sql, followUp)} AS is_as_seen,
    EXISTS (
      SELECT 1 FROM transactions WHERE merchant_id = merchants.id AND environment = ${followUp.environment}
        AND idempotency_key = ${followUp.idempotencyKey} AND ${sql.literal(isCanceledKey)}
    ) AS is_canceled,
    p.type, p.first_status, p.calls, p.doubts, p.pending_void, p.undo IS NOT NULL AS is_to_be_undone, p.authorized,
    p.captured, p.refunded, p.pending_capture, p.pending_refund, p.capturable, p.refundable,
    coalesce(p.expires_at <= now(), false) AS has_expired,
    (
      SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'type', t.type, 'status', t.status,
        'amount', coalesce(t.amount_approved, t.amount),
        'left_over', coalesce(t.amount_approved, t.amount) - t.refunded - t.pending_refund,
        'has_bric', t.bric_sealed IS NOT NULL,
        'is_voidable', t.cutoff_at IS NULL
          OR now() < t.cutoff_at - ${seconds(voidMargin)}::int4 * interval '1 second') ORDER BY t.id), '[]')
      FROM transactions t
      WHERE t.payment_id = p.id AND t.probe_of IS NULL AND t.type IN ('sale', 'authorization', 'capture', 'refund')
    ) AS transactions
  FROM payments p JOIN merchants ON merchants.id = p.merchant_id
  WHERE p.id = ${PaymentIds.toUuid(followUp.paymentId)}::uuid
    AND p.merchant_id = ${MerchantIds.toUuid(followUp.merchantId)}::uuid AND p.environment = ${followUp.environment}`
