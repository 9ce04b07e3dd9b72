import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import { PaymentIds, TransactionIds } from "../../domain/Ids.ts"
import type { TransactionStatus } from "../../domain/Transaction.ts"
import { isLateStanding, isTokenless, isUndoStalled, needsPerson } from "../../postgres/Exceptional.ts"
import type { SealedBric } from "../../postgres/SealedBric.ts"
import { claimedColumns } from "../ClaimedCall.ts"
import { fence, followUpLease, reversalLimit, reversalWindow, voidMargin } from "../Deadlines.ts"
import type { AnswerRecord } from "../Settlement.ts"
import type { Target } from "../Target.ts"
import { batchColumns, isAfterCutoff } from "../Terminal.ts"

const seconds = (duration: Duration.Duration) => Duration.toSeconds(duration)

// Longer than a reversal can take, so that a process that died in the middle is followed by another, but never joined.
const reversalLease = seconds(fence) + seconds(reversalLimit) + 5

/**
 * Gives the resolver every call whose lease has run out: nobody can be making it any more. A payment that somebody
 * holds is left to the next sweep. Each event takes one of the ids.
 */
export const takeOverStatement = (sql: PgClient.PgClient, eventIds: ReadonlyArray<string>) => sql`
  WITH expired AS (
    SELECT id, payment_id FROM transactions WHERE status = 'submitting' AND lease_until < now()
    ORDER BY lease_until LIMIT ${eventIds.length}
  ), locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id IN (SELECT payment_id FROM expired) ORDER BY id FOR UPDATE SKIP LOCKED
  ), t AS (
    UPDATE transactions SET status = 'unknown', doubt = 'the process that made the call stored no result',
      next_attempt_at = CASE WHEN coalesce(transactions.probe_of, transactions.reversal_of) IS NULL THEN now() END
    FROM locked
    WHERE transactions.payment_id = locked.id AND transactions.id IN (SELECT id FROM expired)
      AND transactions.status = 'submitting' AND transactions.lease_until < now()
    RETURNING transactions.*
  ), own AS (
    SELECT * FROM t WHERE coalesce(probe_of, reversal_of) IS NULL
  ), p AS (
    UPDATE payments SET calls = calls - taken.count, doubts = doubts + taken.count,
      first_status = CASE WHEN taken.has_first THEN 'unknown' ELSE first_status END, version = version + 1,
      updated_at = now()
    FROM (
      SELECT payment_id, count(*)::int4 AS count, bool_or(type IN ('sale', 'authorization')) AS has_first FROM own
      GROUP BY payment_id
    ) AS taken
    WHERE payments.id = taken.payment_id
    RETURNING payments.*
  ), numbered AS (
    SELECT p.*, own.id AS transaction_id, own.type AS transaction_type, row_number() OVER (ORDER BY own.id) AS number
    FROM p JOIN own ON own.payment_id = p.id
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT e.id, n.merchant_id, n.environment,
    CASE WHEN n.transaction_type IN ('sale', 'authorization') THEN 'payment' ELSE n.transaction_type END || '.unknown',
    n.id, n.transaction_id, jsonb_build_object('status', n.status, 'amount', n.amount, 'currency', n.currency)
  FROM numbered n JOIN unnest(${eventIds}::text[]::uuid[]) WITH ORDINALITY AS e(id, number) USING (number)
  RETURNING id`

/**
 * Before all others the charges that EPX's window has not closed on, the oldest first; then what has been due for
 * longest. No attempt is due before its call was made, so those charges are among what fell due within the window,
 * however much else is waiting.
 */
export const dueStatement = (sql: PgClient.PgClient, limit: number, except: ReadonlyArray<string>) => {
  const isDue = sql`status = 'unknown' AND next_attempt_at <= now() AND coalesce(probe_of, reversal_of) IS NULL
    AND id <> ALL (${except}::text[]::uuid[])`
  const isReversible = sql`type IN ('sale', 'authorization') AND created_at > now() - interval '2 minutes'
    AND next_attempt_at > now() - interval '2 minutes'`
  return sql`
  SELECT id, payment_id FROM (
    (
      SELECT id, payment_id, created_at AS since, true AS is_reversible FROM transactions
      WHERE ${isDue} AND ${isReversible}
      ORDER BY created_at LIMIT ${limit}
    )
    UNION ALL (
      SELECT id, payment_id, next_attempt_at, false FROM transactions WHERE ${isDue} AND NOT (${isReversible})
      ORDER BY next_attempt_at LIMIT ${limit}
    )
  ) AS due
  ORDER BY is_reversible DESC, since LIMIT ${limit}`
}

/** When a call was claimed: a refund that had to wait is older than that. */
const claimedAt = (call: string) => `coalesce(${call}.claimed_at, ${call}.created_at)`

/** Milliseconds from the claim of the target to now, and to each attempt to find out. */
export const historyStatement = (sql: PgClient.PgClient, { id }: Target) => sql`
  SELECT o.type, o.amount, extract(epoch FROM now() - ${sql.literal(claimedAt("o"))})::float8 * 1000 AS age,
    o.amount_approved,
    o.response_code IS NOT NULL OR coalesce(o.late_status IN ('approved', 'unknown'), false) AS is_answered, o.doubt,
    o.lookups, o.bric_sealed IS NOT NULL AS has_bric, o.idempotency_key IS NOT NULL AS
      has_key,
    p.multiple_captures, k.lookup_key_sealed IS NOT NULL AS has_lookup,
    g.id AS target_id, g.type AS target_type, coalesce(g.amount_approved, g.amount) AS target_amount,
    g.type = 'authorization' OR coalesce(now() < g.cutoff_at - ${seconds(voidMargin)}::int4 * interval '1 second',
      true) AS is_voidable,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', r.id, 'kind', CASE r.type WHEN 'reversal' THEN 'reversal' ELSE
        'probe' END,
        'status', r.status, 'response_code', r.response_code,
        'at', extract(epoch FROM r.created_at - ${sql.literal(claimedAt("o"))})::float8 * 1000) ORDER BY r.id)
      FROM transactions r WHERE r.reversal_of = o.id AND r.type = 'reversal' OR r.probe_of = o.id
    ), '[]') AS attempts
  FROM transactions o JOIN payments p ON p.id = o.payment_id JOIN terminals k ON k.id = o.terminal_id
  LEFT JOIN transactions g ON g.id = o.target_id
  WHERE o.id = ${TransactionIds.toUuid(id)}::uuid AND o.status = 'unknown'`

/** Records a reversal with the pair of its target, once per due time: the new due time is the lease. */
export const claimReversalStatement = (
  sql: PgClient.PgClient,
  { id, paymentId }: Target,
  reversalId: Target["id"]
) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), o AS (
    UPDATE transactions SET attempts = attempts + 1,
      next_attempt_at = now() + ${reversalLease}::int4 * interval '1 second'
    FROM locked
    WHERE transactions.id = ${TransactionIds.toUuid(id)}::uuid AND status = 'unknown' AND next_attempt_at <= now()
      AND now() < created_at + ${seconds(reversalWindow)}::int4 * interval '1 second'
    RETURNING transactions.*
  ), r AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, merch_nbr,
      batch_id, tran_nbr, reversal_of, send_by, lease_until)
    SELECT ${TransactionIds.toUuid(reversalId)}::uuid, payment_id, merchant_id, environment, terminal_id, 'reversal',
      'submitting', amount, merch_nbr, batch_id, tran_nbr, id,
      now() + ${seconds(fence)}::int4 * interval '1 second', now() + ${reversalLease}::int4 * interval '1 second'
    FROM o
  )
  SELECT o.batch_id, o.tran_nbr::float8 AS tran_nbr, o.environment, terminals.cust_nbr, terminals.merch_nbr,
    terminals.dba_nbr, terminals.terminal_nbr,
    extract(epoch FROM o.created_at + ${seconds(reversalWindow)}::int4 * interval '1 second' - now())::float8 * 1000
      AS left_ms
  FROM o JOIN terminals ON terminals.id = o.terminal_id`

/**
 * Records a call that finds out what became of another: a capture or a void like it, or the void of a charge whose
 * token is known. It has a pair of its own and moves no totals. The new due time of the other call is its lease.
 */
export const claimProbeStatement = (sql: PgClient.PgClient, { id, paymentId }: Target, probeId: Target["id"]) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), o AS (
    UPDATE transactions SET attempts = attempts + 1,
      next_attempt_at = now() + ${seconds(followUpLease)}::int4 * interval '1 second'
    FROM locked
    WHERE transactions.id = ${TransactionIds.toUuid(id)}::uuid AND status = 'unknown' AND next_attempt_at <= now()
    RETURNING transactions.*
  ), k AS (
    SELECT terminals.*, ${sql.literal(batchColumns)} FROM terminals ${sql.literal(isAfterCutoff)}
    WHERE terminals.id = (SELECT terminal_id FROM o)
  ), c AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, target_id,
      probe_of, merch_nbr, batch_id, tran_nbr, cutoff_at, send_by, lease_until)
    SELECT ${TransactionIds.toUuid(probeId)}::uuid, o.payment_id, o.merchant_id, o.environment, o.terminal_id,
      CASE o.type WHEN 'capture' THEN 'capture' ELSE 'void' END, 'submitting', o.amount,
      CASE WHEN o.type IN ('sale', 'authorization') THEN o.id ELSE o.target_id END, o.id, k.merch_nbr, k.batch_id,
      nextval('tran_nbr'), k.cutoff_at, now() + ${seconds(fence)}::int4 * interval '1 second',
      now() + ${seconds(followUpLease)}::int4 * interval '1 second'
    FROM o, k
    RETURNING *
  )
  SELECT ${claimedColumns(sql)}
  FROM c JOIN k ON true JOIN transactions g ON g.id = c.target_id LEFT JOIN transactions d ON d.id = g.done_by`

/** What a reversal or a probe came to. It changes nothing else. */
export const settleAttemptStatement = (
  sql: PgClient.PgClient,
  attemptId: Target["id"],
  status: TransactionStatus,
  answer: Pick<AnswerRecord, "responseCode" | "networkResponse"> | null,
  doubt: string | null,
  bric: SealedBric
) => sql`
  UPDATE transactions SET status = ${status}, settled_at = now(), doubt = ${doubt}::text,
    response_code = ${answer?.responseCode ?? null}::text, network_response = ${answer?.networkResponse ?? null}::text,
    bric_sealed = ${bric.sealed}::bytea, bric_key_id = ${bric.keyId}::text, bric_fingerprint =
      ${bric.fingerprint}::bytea
  WHERE id = ${TransactionIds.toUuid(attemptId)}::uuid AND status IN ('submitting', 'unknown')`

/** `at` is milliseconds since the claim of the target; null: nothing automatic is left to try. */
export const scheduleStatement = (sql: PgClient.PgClient, { id }: Target, at: number | null) => sql`
  UPDATE transactions SET next_attempt_at = ${sql.literal(claimedAt("transactions"))}
      + ${at}::float8 * interval '1 millisecond'
  WHERE id = ${TransactionIds.toUuid(id)}::uuid AND status = 'unknown'`

/** How many outcomes are unknown, how many calls need a person for that or another reason, and since when. */
export const unknownStatement = (sql: PgClient.PgClient) => sql`
  SELECT u.count, u.oldest_age_s, u.exceptions + s.count + d.count AS exceptions,
    greatest(u.exception_age_s, s.age_s, d.age_s) AS exception_age_s
  FROM (
    SELECT count(*)::int4 AS count, coalesce(extract(epoch FROM now() - min(t.created_at)), 0)::float8 AS oldest_age_s,
      count(*) FILTER (WHERE ${sql.literal(needsPerson)})::int4 AS exceptions,
      coalesce(extract(epoch FROM now() - min(t.created_at) FILTER (WHERE ${sql.literal(needsPerson)})), 0)::float8
        AS exception_age_s
    FROM transactions t WHERE t.status = 'unknown' AND coalesce(t.probe_of, t.reversal_of) IS NULL
  ) AS u, (
    SELECT count(*)::int4 AS count, coalesce(extract(epoch FROM now() - min(p.created_at)), 0)::float8 AS age_s
    FROM payments p WHERE ${sql.literal(isUndoStalled)}
  ) AS s, (
    SELECT count(*)::int4 AS count, coalesce(extract(epoch FROM now() - min(decided.created_at)), 0)::float8 AS age_s
    FROM (
      SELECT t.created_at FROM transactions t WHERE ${sql.literal(isLateStanding)}
      UNION ALL
      SELECT t.created_at FROM transactions t WHERE ${sql.literal(isTokenless)}
    ) AS decided
  ) AS d`

/** The pair and the credential by which EPX's listing is searched; reading it is counted and put off in one. */
export const lookUpStatement = (sql: PgClient.PgClient, { id }: Target) => sql`
  WITH o AS (
    UPDATE transactions SET lookups = lookups + 1, next_attempt_at = now() + interval '20 seconds'
    WHERE id = ${TransactionIds.toUuid(id)}::uuid AND status = 'unknown' AND next_attempt_at <= now()
    RETURNING *
  )
  SELECT o.batch_id, o.tran_nbr::float8 AS tran_nbr, o.environment, k.id AS terminal_id, k.cust_nbr, k.merch_nbr,
    k.dba_nbr, k.terminal_nbr, k.lookup_key_sealed, k.lookup_key_id
  FROM o JOIN terminals k ON k.id = o.terminal_id
  WHERE k.lookup_key_sealed IS NOT NULL`

/** The token that came with a probe. */
export const probeStatement = (sql: PgClient.PgClient, probeId: Target["id"]) => sql`
  SELECT bric_sealed, bric_key_id FROM transactions WHERE id = ${TransactionIds.toUuid(probeId)}::uuid`
