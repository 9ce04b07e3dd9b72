import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import { PaymentIds, type TransactionId, TransactionIds } from "../../domain/Ids.ts"
import { isLateApproval, isLateVoidable, isUndoRefused } from "../../postgres/Exceptional.ts"
import { type ClaimedCall, claimedColumns } from "../ClaimedCall.ts"
import { fence, followUpLease } from "../Deadlines.ts"
import { ledgerOf } from "../SettleStatement.ts"
import type { Target } from "../Target.ts"
import { batchColumns, isAfterCutoff, isStopped } from "../Terminal.ts"

const seconds = (duration: Duration.Duration) => Duration.toSeconds(duration)

/**
 * Refunds that waited for the settlement of what they give back. What is due is told apart once they are in order: most
 * rows have no such time, so Postgres takes what is due for few, and would now and then read and sort all of it.
 */
export const dueRefundsStatement = (sql: PgClient.PgClient, limit: number, except: ReadonlyArray<string>) => sql`
  SELECT id, payment_id FROM (
    SELECT id, payment_id, next_attempt_at FROM transactions
    WHERE status = 'scheduled' AND id <> ALL (${except}::text[]::uuid[])
      AND NOT ${isStopped(sql, "refund", "transactions.merchant_id")}
    ORDER BY next_attempt_at LIMIT ${limit}
  ) AS earliest
  WHERE next_attempt_at <= now() ORDER BY next_attempt_at`

/** Gives a refund that was waiting its pair. One whose target has not settled yet waits a little more. */
export const startRefundStatement = (sql: PgClient.PgClient, { id, paymentId }: Target) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), o AS MATERIALIZED (
    SELECT t.id, t.target_id, t.terminal_id FROM locked JOIN transactions t ON t.payment_id = locked.id
    WHERE t.id = ${TransactionIds.toUuid(id)}::uuid AND t.status = 'scheduled' AND t.next_attempt_at <= now()
      AND NOT ${isStopped(sql, "refund", "t.merchant_id")}
    FOR UPDATE OF t
  ), k AS (
    SELECT terminals.*, ${sql.literal(batchColumns)} FROM terminals ${sql.literal(isAfterCutoff)}
    WHERE terminals.id = (SELECT terminal_id FROM o)
  ), g AS (
    SELECT t.* FROM transactions t JOIN o ON t.id = o.target_id
  ), c AS (
    UPDATE transactions SET
      status = CASE g.status WHEN 'settled' THEN 'submitting' ELSE 'scheduled' END,
      next_attempt_at = CASE WHEN g.status <> 'settled' THEN now() + interval '5 seconds' END,
      merch_nbr = CASE g.status WHEN 'settled' THEN k.merch_nbr END,
      batch_id = CASE g.status WHEN 'settled' THEN k.batch_id END,
      tran_nbr = CASE g.status WHEN 'settled' THEN nextval('tran_nbr') END,
      cutoff_at = CASE g.status WHEN 'settled' THEN k.cutoff_at END,
      claimed_at = CASE g.status WHEN 'settled' THEN now() END,
      send_by = CASE g.status WHEN 'settled' THEN now() + ${seconds(fence)}::int4 * interval '1 second' END,
      lease_until = CASE g.status WHEN 'settled' THEN now() + ${seconds(followUpLease)}::int4 * interval '1 second' END
    FROM o, g, k WHERE transactions.id = o.id
    RETURNING transactions.*
  ), u AS (
    UPDATE payments SET calls = payments.calls + 1, version = payments.version + 1, updated_at = now()
    FROM c WHERE payments.id = c.payment_id AND c.status = 'submitting'
  )
  SELECT ${claimedColumns(sql)}
  FROM c JOIN k ON true JOIN g ON true LEFT JOIN transactions d ON d.id = g.done_by WHERE c.status = 'submitting'`

/**
 * Nothing of it was sent: it waits again, and its next attempt has another pair. By its pair an attempt is told from a
 * later one, which may be on its way. Who was told that its outcome is unknown is told this too.
 */
export const postponeRefundStatement = (
  sql: PgClient.PgClient,
  { id, pair, paymentId }: ClaimedCall,
  doubt: string | null,
  eventId: string
) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), old AS MATERIALIZED (
    SELECT t.id, t.status FROM locked JOIN transactions t ON t.payment_id = locked.id
    WHERE t.id = ${TransactionIds.toUuid(id)}::uuid AND t.batch_id = ${pair.batch_id} AND t.tran_nbr =
      ${pair.tran_nbr}::int8
      AND (t.status = 'submitting' OR t.status = 'unknown' AND t.attempts = 0)
    FOR UPDATE OF t
  ), t AS (
    UPDATE transactions SET status = 'scheduled', doubt = ${doubt}::text, next_attempt_at = now() + interval '1 minute',
      merch_nbr = NULL, batch_id = NULL, tran_nbr = NULL, cutoff_at = NULL, claimed_at = NULL, send_by = NULL,
      lease_until = NULL
    FROM old WHERE transactions.id = old.id
    RETURNING transactions.id, transactions.payment_id, old.status AS was
  ), p AS (
    UPDATE payments SET calls = payments.calls - (t.was = 'submitting')::int4,
      doubts = payments.doubts - (t.was = 'unknown')::int4, version = payments.version + 1, updated_at = now()
    FROM t WHERE payments.id = t.payment_id
    RETURNING payments.*
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT ${eventId}::uuid, p.merchant_id, p.environment, 'refund.scheduled', p.id, t.id,
    jsonb_build_object('status', p.status, 'amount', p.amount, 'currency', p.currency)
  FROM t JOIN p ON p.id = t.payment_id WHERE t.was = 'unknown'`

/**
 * Payments to be undone with which nothing else is going on. After a void that could not be sent there is a pause that
 * grows up to five minutes, and after one that EPX refused nothing but a person.
 */
export const dueUndosStatement = (sql: PgClient.PgClient, limit: number, except: ReadonlyArray<string>) => sql`
  SELECT p.id FROM payments p
  WHERE p.undo IS NOT NULL AND p.first_status = 'approved' AND p.calls = 0 AND p.doubts = 0 AND NOT p.pending_void
    AND p.id <> ALL (${except}::text[]::uuid[])
    AND NOT EXISTS (
      SELECT 1 FROM transactions t WHERE t.payment_id = p.id AND t.type = 'void' AND t.status = 'failed'
        AND t.idempotency_key IS NULL AND t.probe_of IS NULL
      HAVING max(t.created_at) + least(count(*), 15) * interval '20 seconds' > now()
    )
    AND NOT ${sql.literal(isUndoRefused)}
    AND EXISTS (
      SELECT 1 FROM transactions o
      WHERE o.payment_id = p.id AND o.probe_of IS NULL AND o.status = 'approved' AND o.bric_sealed IS NOT NULL
        AND (o.type IN ('sale', 'capture') OR o.type = 'authorization' AND p.captured = 0)
    )
  ORDER BY p.updated_at LIMIT ${limit}`

/** The next void of a payment to be undone: of a capture while there is one, and then of what it was captured from. */
export const claimUndoStatement = (sql: PgClient.PgClient, paymentId: Target["paymentId"], id: TransactionId) => sql`
  WITH p AS MATERIALIZED (
    SELECT * FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), g AS MATERIALIZED (
    SELECT t.*, coalesce(t.amount_approved, t.amount) AS claim_amount, p.undo
    FROM p JOIN transactions t ON t.payment_id = p.id
    WHERE p.undo IS NOT NULL AND p.first_status = 'approved' AND p.calls = 0 AND p.doubts = 0 AND NOT p.pending_void
      AND t.probe_of IS NULL AND t.status = 'approved' AND t.bric_sealed IS NOT NULL
      AND (t.type IN ('sale', 'capture') OR t.type = 'authorization' AND p.captured = 0)
    ORDER BY (t.type = 'capture') DESC, t.id LIMIT 1
    FOR UPDATE OF t
  ), k AS (
    SELECT terminals.*, ${sql.literal(batchColumns)} FROM terminals ${sql.literal(isAfterCutoff)}
    WHERE terminals.id = (SELECT terminal_id FROM g)
  ), c AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, target_id,
      reason, merch_nbr, batch_id, tran_nbr, cutoff_at, send_by, lease_until)
    SELECT ${TransactionIds.toUuid(id)}::uuid, g.payment_id, g.merchant_id, g.environment, g.terminal_id, 'void',
      'submitting', g.claim_amount, g.id, g.undo, k.merch_nbr, k.batch_id, nextval('tran_nbr'), k.cutoff_at,
      now() + ${seconds(fence)}::int4 * interval '1 second',
      now() + ${seconds(followUpLease)}::int4 * interval '1 second'
    FROM g, k
    RETURNING *
  ), u AS (
    UPDATE payments SET pending_void = true, calls = payments.calls + 1, version = payments.version + 1,
      updated_at = now()
    FROM c WHERE payments.id = c.payment_id
  )
  SELECT ${claimedColumns(sql)} FROM c JOIN k ON true JOIN g ON true LEFT JOIN transactions d ON d.id = g.done_by`

/** Between two attempts to void a late approval there are a minute or, after several, five. */
const isLate = (sql: PgClient.PgClient) =>
  sql.literal(
    `${isLateApproval} AND ${isLateVoidable} AND NOT EXISTS (
        SELECT 1 FROM transactions o WHERE o.probe_of = t.id
        HAVING max(o.created_at) + least(count(*), 5) * interval '1 minute' > now()
      )`
  )

/** Charges that EPX has approved after denying twice to know them: nobody was told that they were paid. */
export const lateApprovalsStatement = (sql: PgClient.PgClient, limit: number, except: ReadonlyArray<string>) => sql`
  SELECT t.id, t.payment_id FROM transactions t
  WHERE ${isLate(sql)} AND t.id <> ALL (${except}::text[]::uuid[])
  ORDER BY t.id LIMIT ${limit}`

/** The void of a late approval. Its charge stays what it was called, and the books know nothing of either. */
export const claimLateStatement = (sql: PgClient.PgClient, { id, paymentId }: Target, voidId: TransactionId) => sql`
  WITH p AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), g AS MATERIALIZED (
    SELECT t.* FROM p JOIN transactions t ON t.payment_id = p.id
    WHERE t.id = ${TransactionIds.toUuid(id)}::uuid AND ${isLate(sql)}
    FOR UPDATE OF t
  ), k AS (
    SELECT terminals.*, ${sql.literal(batchColumns)} FROM terminals ${sql.literal(isAfterCutoff)}
    WHERE terminals.id = (SELECT terminal_id FROM g)
  ), c AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, target_id,
      probe_of, reason, merch_nbr, batch_id, tran_nbr, cutoff_at, send_by, lease_until)
    SELECT ${TransactionIds.toUuid(voidId)}::uuid, g.payment_id, g.merchant_id, g.environment, g.terminal_id, 'void',
      'submitting', coalesce(g.amount_approved, g.amount), g.id, g.id, 'late_approval', k.merch_nbr, k.batch_id,
      nextval('tran_nbr'), k.cutoff_at, now() + ${seconds(fence)}::int4 * interval '1 second',
      now() + ${seconds(followUpLease)}::int4 * interval '1 second'
    FROM g, k
    RETURNING *
  ), u AS (
    UPDATE transactions SET attempts = transactions.attempts + 1 FROM c WHERE transactions.id = c.probe_of
  )
  SELECT ${claimedColumns(sql)} FROM c JOIN k ON true JOIN g ON true LEFT JOIN transactions d ON d.id = g.done_by`

/** Takes for settled what EPX has settled by now; what is being voided is left out. Each event takes one of the ids. */
export const settleBatchesStatement = (
  sql: PgClient.PgClient,
  eventIds: ReadonlyArray<string>,
  settlementDelay_s: number
) => sql`
  WITH due AS (
    SELECT t.id, t.payment_id FROM transactions t JOIN payments p ON p.id = t.payment_id
    WHERE t.status = 'approved' AND t.type IN ('sale', 'capture', 'refund') AND t.probe_of IS NULL
      AND t.cutoff_at <= now() - ${settlementDelay_s}::int4 * interval '1 second'
      AND NOT p.pending_void AND (p.undo IS NULL OR p.first_status <> 'approved')
    ORDER BY t.cutoff_at LIMIT ${eventIds.length}
  ), locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id IN (SELECT payment_id FROM due) AND NOT pending_void
      AND (undo IS NULL OR first_status <> 'approved')
    ORDER BY id FOR UPDATE SKIP LOCKED
  ), t AS (
    UPDATE transactions SET status = 'settled'
    FROM locked
    WHERE transactions.payment_id = locked.id AND transactions.id IN (SELECT id FROM due)
      AND transactions.status = 'approved'
    RETURNING transactions.*
  ), p AS (
    UPDATE payments SET first_status = CASE WHEN closed.has_first THEN 'settled' ELSE first_status END,
      version = version + 1, updated_at = now()
    FROM (SELECT payment_id, bool_or(type = 'sale') AS has_first FROM t GROUP BY payment_id) AS closed
    WHERE payments.id = closed.payment_id
    RETURNING payments.*
  ), l AS (
    INSERT INTO ledger_entries (payment_id, transaction_id, account, currency, amount)
    SELECT p.id, t.id, entry.account, p.currency, entry.sign * coalesce(t.amount_approved, t.amount)
    FROM t JOIN p ON p.id = t.payment_id CROSS JOIN LATERAL (
      SELECT CASE t.type WHEN 'refund' THEN -1 ELSE 1 END AS sign
    ) AS way CROSS JOIN LATERAL (VALUES ('receivable', -way.sign), ('settled', way.sign)) AS entry (account, sign)
  ), numbered AS (
    SELECT p.*, t.id AS transaction_id, t.type AS transaction_type, row_number() OVER (ORDER BY t.id) AS number
    FROM t JOIN p ON p.id = t.payment_id
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT e.id, n.merchant_id, n.environment,
    CASE n.transaction_type WHEN 'sale' THEN 'payment' ELSE n.transaction_type END || '.settled', n.id,
      n.transaction_id,
    jsonb_build_object('status', n.status, 'amount', n.amount, 'currency', n.currency)
  FROM numbered n JOIN unnest(${eventIds}::text[]::uuid[]) WITH ORDINALITY AS e(id, number) USING (number)
  RETURNING id`

/** Ends authorizations whose time is over, for what nobody captured. */
export const expireStatement = (sql: PgClient.PgClient, eventIds: ReadonlyArray<string>) => sql`
  WITH locked AS MATERIALIZED (
    SELECT * FROM payments
    WHERE first_status = 'approved' AND expires_at <= now() AND capturable > 0 AND calls = 0 AND doubts = 0
    ORDER BY expires_at LIMIT ${eventIds.length} FOR UPDATE SKIP LOCKED
  ), t AS (
    UPDATE transactions SET status = 'expired'
    FROM locked
    WHERE transactions.payment_id = locked.id AND transactions.type = 'authorization'
      AND transactions.status = 'approved'
    RETURNING transactions.*
  ), p AS (
    UPDATE payments SET first_status = 'expired', authorized = payments.captured, version = payments.version + 1,
      updated_at = now()
    FROM t WHERE payments.id = t.payment_id
    RETURNING payments.*
  ), l AS (${ledgerOf(sql)}), numbered AS (
    SELECT p.*, t.id AS transaction_id, row_number() OVER (ORDER BY t.id) AS number FROM t JOIN p ON p.id = t.payment_id
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT e.id, n.merchant_id, n.environment, 'payment.expired', n.id, n.transaction_id,
    jsonb_build_object('status', n.status, 'amount', n.amount, 'currency', n.currency)
  FROM numbered n JOIN unnest(${eventIds}::text[]::uuid[]) WITH ORDINALITY AS e(id, number) USING (number)
  RETURNING id`

/** Guards against duplicates that guard nothing any more. By their places, since a join would read all the others. */
export const purgeGuardsStatement = (sql: PgClient.PgClient, limit: number) => sql`
  DELETE FROM duplicate_guards WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM duplicate_guards WHERE expires_at < now() - interval '1 minute'
    ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
  ))
  RETURNING merchant_id`
