import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import type { PaymentStatus } from "../domain/Payment.ts"
import type { TransactionStatus } from "../domain/Transaction.ts"
import { fence, reversalLimit, reversalWindow } from "./Deadlines.ts"
import type { AnswerRecord } from "./Settlement.ts"
import type { Target } from "./Target.ts"

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
      next_attempt_at = CASE WHEN transactions.type <> 'reversal' THEN now() END
    FROM locked
    WHERE transactions.payment_id = locked.id AND transactions.id IN (SELECT id FROM expired)
      AND transactions.status = 'submitting' AND transactions.lease_until < now()
    RETURNING transactions.id, transactions.payment_id, transactions.type
  ), p AS (
    UPDATE payments SET status = 'unknown', version = version + 1, updated_at = now()
    FROM t WHERE payments.id = t.payment_id AND t.type <> 'reversal'
    RETURNING payments.*, t.id AS transaction_id
  ), numbered AS (
    SELECT p.*, row_number() OVER (ORDER BY p.id) AS number FROM p
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT e.id, n.merchant_id, n.environment, 'payment.unknown', n.id, n.transaction_id,
    jsonb_build_object('status', n.status, 'amount', n.amount, 'currency', n.currency)
  FROM numbered n JOIN unnest(${eventIds}::text[]::uuid[]) WITH ORDINALITY AS e(id, number) USING (number)
  RETURNING id`

/** The oldest first: EPX's window closes on them first. */
export const dueStatement = (sql: PgClient.PgClient, limit: number, except: ReadonlyArray<string>) => sql`
  SELECT id, payment_id, type FROM transactions
  WHERE status = 'unknown' AND next_attempt_at <= now() AND id <> ALL (${except}::text[]::uuid[])
  ORDER BY created_at LIMIT ${limit}`

/** Milliseconds from the claim of the target to now, and to each reversal of it. */
export const historyStatement = (sql: PgClient.PgClient, { id }: Target) => sql`
  SELECT extract(epoch FROM now() - o.created_at)::float8 * 1000 AS age, o.response_code IS NOT NULL AS is_answered,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object('status', r.status, 'response_code', r.response_code,
        'at', extract(epoch FROM r.created_at - o.created_at)::float8 * 1000))
      FROM transactions r WHERE r.reversal_of = o.id
    ), '[]') AS reversals
  FROM transactions o WHERE o.id = ${TransactionIds.toUuid(id)}::uuid`

/** Records a reversal with the pair of its target, once per due time: the new due time is the lease. */
export const claimReversalStatement = (
  sql: PgClient.PgClient,
  { id, paymentId }: Target,
  reversalId: Target["id"]
) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), o AS (
    UPDATE transactions SET reversals = reversals + 1,
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

export const settleReversalStatement = (
  sql: PgClient.PgClient,
  reversalId: Target["id"],
  status: TransactionStatus,
  answer: Pick<AnswerRecord, "responseCode" | "networkResponse"> | null,
  doubt: string | null
) => sql`
  UPDATE transactions SET status = ${status}, settled_at = now(), doubt = ${doubt}::text,
    response_code = ${answer?.responseCode ?? null}::text, network_response = ${answer?.networkResponse ?? null}::text
  WHERE id = ${TransactionIds.toUuid(reversalId)}::uuid AND status IN ('submitting', 'unknown')`

/** `at` is milliseconds since the claim of the target; null: nothing automatic is left to try. */
export const scheduleStatement = (sql: PgClient.PgClient, { id }: Target, at: number | null) => sql`
  UPDATE transactions SET next_attempt_at = created_at + ${at}::float8 * interval '1 millisecond'
  WHERE id = ${TransactionIds.toUuid(id)}::uuid AND status = 'unknown'`

export const resolveStatement = (
  sql: PgClient.PgClient,
  { id, paymentId }: Target,
  status: TransactionStatus & PaymentStatus,
  eventId: string
) => sql`
  WITH locked AS MATERIALIZED (
    SELECT id FROM payments WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid FOR UPDATE
  ), t AS (
    UPDATE transactions SET status = ${status}, settled_at = now(), next_attempt_at = NULL
    FROM locked WHERE transactions.id = ${TransactionIds.toUuid(id)}::uuid AND transactions.status = 'unknown'
    RETURNING transactions.id, transactions.payment_id
  ), p AS (
    UPDATE payments SET status = ${status}, version = version + 1, updated_at = now()
    FROM t WHERE payments.id = t.payment_id
    RETURNING payments.*
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT ${eventId}::uuid, p.merchant_id, p.environment, 'payment.' || p.status, p.id, t.id,
    jsonb_build_object('status', p.status, 'amount', p.amount, 'currency', p.currency)
  FROM p, t
  RETURNING id`

export const unknownStatement = (sql: PgClient.PgClient) => sql`
  SELECT count(*)::int4 AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_age_s
  FROM transactions WHERE status = 'unknown' AND type <> 'reversal'`
