import type { PgClient } from "@effect/sql-pg"
import { MerchantIds, type TransactionId, TransactionIds } from "../domain/Ids.ts"
import { type AuditEntry, auditInsert } from "../postgres/AuditEntry.ts"
import {
  exceptionKind,
  isLateStanding,
  isUndoStalled,
  lacksToken,
  needsPerson,
  undoTarget
} from "../postgres/Exceptional.ts"
import { changedColumns, paymentColumns, transactionsAfter } from "../postgres/PaymentRow.ts"
import type { SealedBric } from "../postgres/SealedBric.ts"
import type { ExceptionQuery } from "./ExceptionsRepo.ts"

/**
 * The oldest first. The id of a call grows with the time of its claim. Those that wait for a person have no next
 * attempt; that is named in their order because it is in that of their index.
 */
export const listStatement = (
  sql: PgClient.PgClient,
  { environment, limit, merchant_id, starting_after }: ExceptionQuery
) => {
  const merchant = merchant_id === undefined ? null : MerchantIds.toUuid(merchant_id)
  const ofWhom = (alias: string) =>
    sql.and([
      "true",
      ...(environment === undefined ? [] : [sql`${sql.literal(alias)}.environment = ${environment}`]),
      ...(merchant === null ? [] : [sql`${sql.literal(alias)}.merchant_id = ${merchant}::uuid`])
    ])
  const isBehind = (alias: string) =>
    starting_after === undefined
      ? sql.literal("true")
      : sql`${sql.literal(alias)}.id > ${TransactionIds.toUuid(starting_after)}::uuid`
  return sql`
  WITH open AS (
    (
      SELECT t.id, 'unknown_outcome' AS kind FROM transactions t
      WHERE ${sql.literal(needsPerson)} AND ${ofWhom("t")} AND ${isBehind("t")}
      ORDER BY t.next_attempt_at, t.id LIMIT ${limit}
    )
    UNION ALL (
      SELECT u.id, 'stalled_undo' FROM payments p CROSS JOIN LATERAL (${sql.literal(undoTarget)}) AS u
      WHERE ${sql.literal(isUndoStalled)} AND ${ofWhom("p")} AND ${isBehind("u")}
      ORDER BY u.id LIMIT ${limit}
    )
    UNION ALL (
      SELECT t.id, 'late_approval' FROM transactions t
      WHERE ${sql.literal(isLateStanding)} AND ${ofWhom("t")} AND ${isBehind("t")}
      ORDER BY t.id LIMIT ${limit}
    )
    UNION ALL (
      SELECT t.id, 'missing_token' FROM transactions t JOIN payments p ON p.id = t.payment_id
      WHERE ${sql.literal(lacksToken)} AND ${ofWhom("t")} AND ${isBehind("t")}
      ORDER BY t.id LIMIT ${limit}
    )
    ORDER BY id LIMIT ${limit}
  )
  SELECT open.id, 'exception' AS object, open.kind, t.environment, t.merchant_id, m.name AS merchant_name,
    jsonb_build_object('id', k.id, 'cust_nbr', k.cust_nbr, 'merch_nbr', k.merch_nbr, 'dba_nbr', k.dba_nbr,
      'terminal_nbr', k.terminal_nbr) AS terminal,
    p.id AS payment_id, p.status AS payment_status, p.undo, t.type, t.status, t.amount, p.currency, t.batch_id,
    t.tran_nbr::float8 AS tran_nbr, t.target_id, t.reason, t.doubt, t.response_code, t.network_response,
    t.late_response_code, t.bric_sealed IS NOT NULL AS has_bric, coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', a.id,
        'kind', CASE a.type WHEN 'reversal' THEN 'reversal' ELSE 'probe' END, 'type', a.type, 'status', a.status,
        'response_code', a.response_code, 'doubt', a.doubt, 'batch_id', a.batch_id,
        'tran_nbr', a.tran_nbr, 'created_at', a.created_at) ORDER BY a.id)
      FROM transactions a WHERE a.reversal_of = t.id AND a.type = 'reversal' OR a.probe_of = t.id
    ), '[]') AS attempts,
    t.lookups, floor(extract(epoch FROM now() - t.created_at))::int4 AS age_seconds, t.created_at
  FROM open JOIN transactions t ON t.id = open.id JOIN payments p ON p.id = t.payment_id
  JOIN merchants m ON m.id = t.merchant_id JOIN terminals k ON k.id = t.terminal_id
  ORDER BY open.id`
}

/** What an outcome is decided by: a call of its own, whether or not it needs a person. */
export const findStatement = (sql: PgClient.PgClient, id: TransactionId) => sql`
  SELECT t.id, t.payment_id, t.type, t.status, coalesce(nullif(t.amount_approved, 0), t.amount) AS approvable, t.amount,
    t.resolved_by, ${sql.literal(exceptionKind)} AS kind,
    g.id AS target_id, g.type AS target_type, coalesce(g.amount_approved, g.amount) AS target_amount
  FROM transactions t JOIN payments p ON p.id = t.payment_id LEFT JOIN transactions g ON g.id = t.target_id
  WHERE t.id = ${TransactionIds.toUuid(id)}::uuid AND t.probe_of IS NULL AND t.type <> 'reversal'`

/**
 * Records the void of a stalled undo as a call of unknown outcome, which is then resolved like any other. There is none
 * if the undo goes on after all, or is over.
 */
export const parkStatement = (
  sql: PgClient.PgClient,
  id: TransactionId,
  { eventId, voidId }: { readonly eventId: string; readonly voidId: TransactionId }
) => sql`
  WITH p AS MATERIALIZED (
    SELECT * FROM payments
    WHERE id = (SELECT payment_id FROM transactions WHERE id = ${TransactionIds.toUuid(id)}::uuid)
    FOR UPDATE
  ), g AS MATERIALIZED (
    SELECT t.* FROM p JOIN transactions t ON t.payment_id = p.id
    WHERE t.id = ${TransactionIds.toUuid(id)}::uuid AND ${sql.literal(isUndoStalled)}
      AND t.id = (${sql.literal(undoTarget)})
    FOR UPDATE OF t
  ), c AS (
    INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, target_id,
      reason, doubt)
    SELECT ${TransactionIds.toUuid(voidId)}::uuid, g.payment_id, g.merchant_id, g.environment, g.terminal_id, 'void',
      'unknown', coalesce(g.amount_approved, g.amount), g.id, p.undo, 'never sent: the service could not undo it'
    FROM g, p
    RETURNING *
  ), u AS (
    UPDATE payments SET pending_void = true, doubts = payments.doubts + 1, version = payments.version + 1,
      updated_at = now()
    FROM c WHERE payments.id = c.payment_id
    RETURNING payments.*
  )
  INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
  SELECT ${eventId}::uuid, u.merchant_id, u.environment, 'void.unknown', u.id, c.id,
    jsonb_build_object('status', u.status, 'amount', u.amount, 'currency', u.currency)
  FROM u, c
  RETURNING transaction_id AS id`

/** Takes what a person has done for the end of an exception about a call that has its outcome. */
export const closeStatement = (
  sql: PgClient.PgClient,
  id: TransactionId,
  { authorizationCode, bric }: { readonly authorizationCode: string | null; readonly bric: SealedBric },
  audit: AuditEntry
) => sql`
  WITH p AS MATERIALIZED (
    SELECT * FROM payments
    WHERE id = (SELECT payment_id FROM transactions WHERE id = ${TransactionIds.toUuid(id)}::uuid)
    FOR UPDATE
  ), t AS (
    UPDATE transactions AS t SET closed_at = now(),
      authorization_code = coalesce(t.authorization_code, ${authorizationCode}::text),
      bric_sealed = coalesce(t.bric_sealed, ${bric.sealed}::bytea),
      bric_key_id = coalesce(t.bric_key_id, ${bric.keyId}::text),
      bric_fingerprint = coalesce(t.bric_fingerprint, ${bric.fingerprint}::bytea)
    FROM p
    WHERE t.id = ${TransactionIds.toUuid(id)}::uuid AND t.payment_id = p.id
      AND (${sql.literal(isLateStanding)} OR ${sql.literal(lacksToken)})
    RETURNING ${changedColumns(sql, "t")}
  ), versioned AS (
    UPDATE payments SET version = payments.version + 1 FROM t WHERE payments.id = t.payment_id
  ), audited AS (${auditInsert(
    sql,
    audit,
    { merchant: "t.merchant_id", payment: "t.payment_id", transaction: "t.id" },
    "t"
  )})
  SELECT ${paymentColumns(sql)}, ${transactionsAfter(sql, ["t"])} AS transactions
  FROM p WHERE EXISTS (SELECT 1 FROM t)`
