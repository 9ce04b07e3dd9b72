import type { PgClient } from "@effect/sql-pg"
import { authorizationLife } from "../domain/AuthorizationLife.ts"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import { changeOf, type Totals } from "../domain/Totals.ts"
import type { TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import { auditInsert } from "../postgres/AuditEntry.ts"
import { needsPerson } from "../postgres/Exceptional.ts"
import { changedColumns, paymentColumns, transactionObject } from "../postgres/PaymentRow.ts"
import type { SealedBric } from "../postgres/SealedBric.ts"
import type { Resolution, Settled, Settlement } from "./Settlement.ts"

/**
 * Entries for what moved between the payment's row before (`locked`) and after (`p`), so that the books cannot differ.
 */
export const ledgerOf = (sql: PgClient.PgClient) =>
  sql.literal(
    `INSERT INTO ledger_entries (payment_id, transaction_id, account, currency, amount)
    SELECT p.id, t.id, entry.account, p.currency, entry.amount
    FROM p JOIN locked ON locked.id = p.id JOIN t ON t.payment_id = p.id CROSS JOIN LATERAL (
      SELECT p.held - locked.held AS held, p.captured - p.refunded - locked.captured + locked.refunded AS receivable
    ) AS moved CROSS JOIN LATERAL (
      VALUES ('held', moved.held), ('receivable', moved.receivable), ('cardholder', -moved.held - moved.receivable)
    ) AS entry (account, amount)
    WHERE entry.amount <> 0`
  )

/**
 * What a call is settled from: as it was claimed, which it nearly always is; whatever an answer may still decide; or an
 * unknown outcome that has become known.
 */
export type From = "submitting" | "undecided" | Resolution

const isFirst = (type: TransactionType) => type === "sale" || type === "authorization"

/**
 * Here an outcome is committed, whichever way it became known. The payment is locked first, as everywhere. The
 * comparison with the status lets one settle win, and an answer none once something may have been done about the call.
 */
export const settleStatement = (
  sql: PgClient.PgClient,
  call: Settled,
  settlement: Settlement,
  bric: SealedBric,
  eventIds: readonly [string, string],
  from: From
) => {
  const { answer, doubt, isParked, status } = settlement
  const resolution = typeof from === "string" ? null : from
  return sql`
  WITH locked AS MATERIALIZED (
    SELECT id, held, captured, refunded FROM payments WHERE id = ${PaymentIds.toUuid(call.paymentId)}::uuid FOR UPDATE
  ), ${oldOf(sql, call, status, from)}t AS (
    UPDATE transactions SET status = ${status}, settled_at = now(), doubt = ${doubt}::text,
      next_attempt_at = ${sql.literal(status === "unknown" && !isParked ? "now()" : "NULL")},
      response_code = coalesce(${answer?.responseCode ?? null}::text, response_code),
      network_response = coalesce(${answer?.networkResponse ?? null}::text, network_response),
      authorization_code = coalesce(${answer?.authorizationCode ?? null}::text, authorization_code),
      avs = coalesce(${answer?.avs ?? null}::text, avs), cvv = coalesce(${answer?.cvv ?? null}::text, cvv),
      amount_approved = coalesce(${approvedBy(call, settlement)}::int4, amount_approved),
      network_transaction_id = coalesce(${answer?.networkTransactionId ?? null}::text, network_transaction_id),
      bric_sealed = coalesce(${bric.sealed}::bytea, bric_sealed), bric_key_id = coalesce(${bric.keyId}::text,
        bric_key_id),
      bric_fingerprint = coalesce(${bric.fingerprint}::bytea, bric_fingerprint)${resolvedBy(sql, resolution)}
    ${
      from === "submitting"
        ? sql`FROM locked WHERE transactions.id = ${TransactionIds.toUuid(call.id)}::uuid
      AND transactions.payment_id = locked.id AND transactions.status = 'submitting'`
        : sql.literal("FROM old WHERE transactions.id = old.id")
    }
    RETURNING ${changedColumns(sql)}
  )${targetOf(sql, call, status)}, p AS (
    UPDATE payments SET ${paymentOf(sql, call, settlement, from)}, version = payments.version + 1, updated_at =
      now()
    FROM ${sql.literal(from === "submitting" ? "t" : "t, old")} WHERE payments.id = t.payment_id
    RETURNING ${paymentColumns(sql, "payments")}, payments.merchant_id, payments.environment, payments.held
  ), l AS (${ledgerOf(sql)}), e AS (
    INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
    SELECT e.id, p.merchant_id, p.environment, coalesce(e.type, 'payment.' || p.status), p.id, e.transaction_id,
      jsonb_build_object('status', p.status, 'amount', p.amount, 'currency', p.currency)
    FROM p, t, LATERAL (VALUES ${sql.csv(eventsOf(sql, call, status, eventIds))}) AS e (id, type, transaction_id)
  )${auditOf(sql, resolution)}
  SELECT ${paymentColumns(sql)}, ${transactionsAfter(sql, call, status, resolution)} AS transactions FROM p, t`
}

/** The call as it was, locked; nothing needs to be looked up of one that must be as it was claimed. */
const oldOf = (sql: PgClient.PgClient, call: Settled, status: TransactionStatus, from: From) => {
  if (from === "submitting") return sql.literal("")
  // An answer that is unknown itself may be stored twice, since the first time its commit was not confirmed.
  const isOpen =
    from === "undecided"
      ? sql`(t.status = 'submitting' OR t.status = 'unknown' AND t.attempts = 0 AND ${status} <> 'unknown')`
      : // While something automatic is still to come, EPX may be changing what a person has seen there.
        sql.literal(from.by === "operator" ? needsPerson : "t.status = 'unknown'")
  return sql`old AS MATERIALIZED (
    SELECT t.id, t.status FROM locked JOIN transactions t ON t.payment_id = locked.id
    WHERE t.id = ${TransactionIds.toUuid(call.id)}::uuid AND ${isOpen}
    FOR UPDATE OF t
  ), `
}

/** A call that a probe carried out is in the probe's batch. */
const resolvedBy = (sql: PgClient.PgClient, resolution: Resolution | null) => {
  if (resolution === null) return sql.literal("")
  const doneBy = resolution.doneBy === null ? null : TransactionIds.toUuid(resolution.doneBy)
  return sql`, resolved_by = ${resolution.by}, done_by = ${doneBy}::uuid,
      cutoff_at = coalesce((SELECT cutoff_at FROM transactions WHERE id = ${doneBy}::uuid), transactions.cutoff_at)`
}

const auditOf = (sql: PgClient.PgClient, resolution: Resolution | null) =>
  resolution?.audit === undefined
    ? sql.literal("")
    : sql`, audited AS (${auditInsert(
        sql,
        resolution.audit,
        { merchant: "t.merchant_id", payment: "t.payment_id", transaction: "t.id" },
        "t JOIN p ON p.id = t.payment_id"
      )})`

/**
 * A statement does not see its own changes, so what it changed takes the place of what it sees. Beside a charge that is
 * answered there is nothing to see.
 */
const transactionsAfter = (
  sql: PgClient.PgClient,
  call: Settled,
  status: TransactionStatus,
  resolution: Resolution | null
) =>
  call.target === null && resolution === null
    ? sql`jsonb_build_array(${transactionObject(sql)})`
    : sql`(
    SELECT jsonb_agg(${transactionObject(sql)} ORDER BY t.id) FROM (
      SELECT * FROM t${changesTarget(call, status) ? sql.literal(" UNION ALL SELECT * FROM g") : sql.literal("")}
      UNION ALL
      SELECT ${changedColumns(sql)} FROM transactions
      WHERE transactions.payment_id = p.id AND transactions.probe_of IS NULL AND transactions.id <> (SELECT id FROM t)
        AND ${changesTarget(call, status) ? sql.literal("transactions.id <> (SELECT id FROM g)") : sql.literal("true")}
    ) AS t
  )`

const changesTarget = ({ type }: Settled, status: TransactionStatus) =>
  (type === "refund" && status !== "unknown") || (type === "void" && status === "approved")

/** Only a charge can be approved in part; whatever else EPX names is not what was approved. */
const approvedBy = ({ type }: Settled, { answer, status }: Settlement): number | null =>
  isFirst(type) && status === "approved" ? (answer?.amountApproved ?? null) : null

/** How the payment's row moves. Whether the call was still counted as on its way or in doubt, its row says. */
const paymentOf = (sql: PgClient.PgClient, call: Settled, settlement: Settlement, from: From) => {
  const { answer, decline, status, undo } = settlement
  const moved = movedBy(call, status, approvedBy(call, settlement) ?? call.amount)
  const changes = [
    sql`calls = payments.calls - ${sql.literal(from === "submitting" ? "1" : "(old.status = 'submitting')::int4")}`,
    sql`doubts = payments.doubts - ${sql.literal(from === "submitting" ? "0" : "(old.status = 'unknown')::int4")}
      + ${Number(status === "unknown")}::int4`,
    ...columns
      .filter((column) => moved[column] !== 0)
      .map((column) => sql`${sql.literal(`${column} = payments.${column}`)} + ${moved[column]}::int4`)
  ]
  if (isFirst(call.type)) {
    changes.push(
      sql`first_status = ${status}`,
      sql`card_brand = coalesce(${answer?.card.brand ?? null}::text, payments.card_brand)`,
      sql`card_last4 = coalesce(${answer?.card.last4 ?? null}::text, payments.card_last4)`,
      status === "approved"
        ? sql`decline = ${decline === null ? null : sql.json(decline)}::jsonb`
        : sql`decline = coalesce(${decline === null ? null : sql.json(decline)}::jsonb, payments.decline)`
    )
    if (undo !== null) changes.push(sql`undo = coalesce(payments.undo, ${undo})`)
  }
  if (call.type === "authorization" && status === "approved") {
    const life = authorizationLife(answer?.card.brand ?? null)
    changes.push(sql`expires_at = t.created_at + ${life}::int4 * interval '1 second'`)
  }
  if (call.type === "void" && status !== "unknown") {
    changes.push(sql`pending_void = false`)
    if (status === "approved" && isFirst(call.target?.type ?? "void")) changes.push(sql`first_status = 'voided'`)
    // What had lapsed keeps only what was captured, and that is less now.
    if (status === "approved" && call.target?.type === "capture") {
      changes.push(sql`authorized = payments.authorized
        - CASE WHEN payments.first_status = 'expired' THEN ${call.target.amount}::int4 ELSE 0 END`)
    }
    // What was asked for and refused is off; what the service undoes itself it goes on undoing, unless a person says
    // no.
    if (status !== "approved") {
      const isOver = typeof from === "object" && from.by === "operator"
      changes.push(sql`undo = CASE WHEN t.idempotency_key IS NULL AND NOT ${isOver}::boolean THEN payments.undo END`)
    }
  }
  return sql.csv(changes)
}

const columns = ["authorized", "captured", "refunded", "pending_capture", "pending_refund"] as const

const movedBy = ({ amount, target, type }: Settled, status: TransactionStatus, approved: number): Totals => {
  const own = changeOf(type, "submitting", status, isFirst(type) ? approved : amount)
  if (type !== "void" || status !== "approved" || target === null) return own
  return changeOf(target.type, "approved", "voided", target.amount)
}

/** What the call acts on moves with it. */
const targetOf = (sql: PgClient.PgClient, call: Settled, status: TransactionStatus) => {
  if (!changesTarget(call, status)) return sql.literal("")
  if (call.type === "refund") {
    const refunded = status === "approved" ? call.amount : 0
    return sql`, g AS (
    UPDATE transactions SET pending_refund = transactions.pending_refund - ${call.amount}::int4,
      refunded = transactions.refunded + ${refunded}::int4
    FROM t WHERE transactions.id = t.target_id
    RETURNING ${changedColumns(sql)}
  )`
  }
  const voided = sql`, g AS (
    UPDATE transactions SET status = 'voided' FROM t WHERE transactions.id = t.target_id
    RETURNING ${changedColumns(sql)}
  )`
  return call.target?.type === "refund"
    ? sql`${voided}, h AS (
    UPDATE transactions SET refunded = transactions.refunded - g.amount
    FROM g WHERE transactions.id = g.target_id
  )`
    : voided
}

/** One event for each edge: of the call, and of what a void undoes. Null stands for the payment's own status. */
const eventsOf = (
  sql: PgClient.PgClient,
  call: Settled,
  status: TransactionStatus,
  [own, targets]: readonly [string, string]
) => {
  const nameOf = (type: TransactionType, edge: TransactionStatus) => (isFirst(type) ? null : `${type}.${edge}`)
  const edges = [sql`(${own}::uuid, ${nameOf(call.type, status)}::text, t.id)`]
  if (call.type === "void" && status === "approved" && call.target !== null) {
    edges.push(sql`(${targets}::uuid, ${nameOf(call.target.type, "voided")}::text, t.target_id)`)
  }
  return edges
}

/**
 * Keeps an answer that no longer decides, and the BRIC by which it could be undone, beside the outcome. The answer that
 * did decide, stored once more, is no late one.
 */
export const lateStatement = (
  sql: PgClient.PgClient,
  { id }: Pick<Settled, "id">,
  { answer, doubt, status }: Settlement,
  bric: SealedBric
) => sql`
  UPDATE transactions SET late_response_code = coalesce(${answer?.responseCode ?? null}::text, ${doubt}::text),
    late_status = ${answer?.responseCode == null ? null : status}::text,
    bric_sealed = coalesce(bric_sealed, ${bric.sealed}::bytea),
    bric_key_id = coalesce(bric_key_id, ${bric.keyId}::text),
    bric_fingerprint = coalesce(bric_fingerprint, ${bric.fingerprint}::bytea)
  WHERE id = ${TransactionIds.toUuid(id)}::uuid AND late_response_code IS NULL
    AND NOT (status = ${status} AND response_code IS NOT DISTINCT FROM ${answer?.responseCode ?? null}::text)
  RETURNING status`
