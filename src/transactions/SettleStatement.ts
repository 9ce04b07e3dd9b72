import type { PgClient } from "@effect/sql-pg"
import type { SqlConnection, Statement } from "effect/sql"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import type { TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import { auditInsert } from "../postgres/AuditEntry.ts"
import { needsPerson } from "../postgres/Exceptional.ts"
import { changedColumns, paymentColumns, transactionObject, transactionsAfter } from "../postgres/PaymentRow.ts"
import { type Param, prepared } from "../postgres/Prepared.ts"
import type { SealedBric } from "../postgres/SealedBric.ts"
import { paymentOf } from "./SettledPayment.ts"
import type { Resolution, Settled, Settlement } from "./Settlement.ts"
import { approvedBy, type From, type Input, idOf, isFirst, type Shape, shapeOf } from "./SettleShape.ts"

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

const statements = new Map<string, (sql: PgClient.PgClient, input: Input) => Statement.Statement<SqlConnection.Row>>()

/**
 * Here an outcome is committed, whichever way it became known. The payment is locked first, as everywhere. The
 * comparison with the status lets one settle win, and an answer none once something may have been done about the call.
 */
export const settleStatement = (sql: PgClient.PgClient, input: Input, from: From) => {
  const shape = shapeOf(input, from)
  if (typeof from === "object") return textOf(sql, shape, (get) => get(input), from)
  const key = Object.values(shape).join()
  const known = statements.get(key)
  if (known !== undefined) return known(sql, input)
  const made = prepared<Input>((sql, param) => textOf(sql, shape, param, null))
  statements.set(key, made)
  return made(sql, input)
}

const textOf = (sql: PgClient.PgClient, shape: Shape, param: Param<Input>, resolution: Resolution | null) => {
  const { from, isParked, status, type } = shape
  return sql`
  WITH locked AS MATERIALIZED (
    SELECT id, held, captured, refunded FROM payments
    WHERE id = ${param(({ call }) => PaymentIds.toUuid(call.paymentId))}::uuid FOR UPDATE
  ), ${from === "submitting" ? sql.literal("") : sql`old AS MATERIALIZED (${oldOf(sql, shape, param)}), `}t AS (
    UPDATE transactions SET status = ${sql.literal(`'${status}'`)}, settled_at = now(),
      doubt = ${param(({ settlement }) => settlement.doubt)}::text,
      next_attempt_at = ${sql.literal(status === "unknown" && !isParked ? "now()" : "NULL")},
      ${answerOf(sql, param)}${resolution === null ? sql.literal("") : resolvedBy(sql, resolution)}
    ${
      from === "submitting"
        ? sql`FROM locked WHERE transactions.id = ${param(idOf)}::uuid AND transactions.payment_id = locked.id
      AND transactions.status = 'submitting'`
        : sql.literal("FROM old WHERE transactions.id = old.id")
    }
    RETURNING ${changedColumns(sql)}
  )${targetOf(sql, shape, param)}, p AS (
    UPDATE payments SET ${sql.csv(paymentOf(sql, shape, param))}, version = payments.version + 1, updated_at = now()
    FROM ${sql.literal(from === "submitting" ? "t" : "t, old")} WHERE payments.id = t.payment_id
    RETURNING ${paymentColumns(sql, "payments")}, payments.merchant_id, payments.environment, payments.held
  ), l AS (${ledgerOf(sql)}), e AS (
    INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
    SELECT e.id, p.merchant_id, p.environment, e.type, p.id, e.transaction_id,
      jsonb_build_object('status', p.status, 'amount', p.amount, 'currency', p.currency)
    FROM p, t, LATERAL (VALUES ${sql.csv(eventsOf(sql, shape, param))}) AS e (id, type, transaction_id)
  )${auditOf(sql, resolution)}
  SELECT ${paymentColumns(sql)}, ${
    // Beside a charge that is answered there is nothing to see.
    isFirst(type) && resolution === null
      ? sql`jsonb_build_array(${transactionObject(sql)})`
      : transactionsAfter(sql, changesTarget(shape) ? ["t", "g"] : ["t"])
  } AS transactions FROM p, t`
}

/** The call as it was, locked; nothing needs to be looked up of one that must be as it was claimed. */
const oldOf = (sql: PgClient.PgClient, { from, status }: Shape, param: Param<Input>) => sql`
    SELECT t.id, t.status FROM locked JOIN transactions t ON t.payment_id = locked.id
    WHERE t.id = ${param(idOf)}::uuid AND (${sql.literal(
      from === "undecided"
        ? // An answer that is unknown itself may be stored twice, since the first time its commit was not confirmed.
          `t.status = 'submitting' OR t.status = 'unknown' AND t.attempts = 0 AND '${status}' <> 'unknown'`
        : // While something automatic is still to come, EPX may be changing what a person has seen there.
          from === "operator"
          ? needsPerson
          : "t.status = 'unknown'"
    )})
    FOR UPDATE OF t
  `

/** What is kept of an answer; what it does not tell stays as it was. */
export const answerOf = (sql: PgClient.PgClient, param: Param<Input>) => {
  const told = (column: string, type: string, get: (input: Input) => string | number | Uint8Array | null) =>
    sql`${sql.literal(column)} = coalesce(${param(get)}::${sql.literal(`${type}, ${column}`)})`
  return sql.csv([
    told("response_code", "text", ({ settlement }) => settlement.answer?.responseCode ?? null),
    told("network_response", "text", ({ settlement }) => settlement.answer?.networkResponse ?? null),
    told("authorization_code", "text", ({ settlement }) => settlement.answer?.authorizationCode ?? null),
    told("avs", "text", ({ settlement }) => settlement.answer?.avs ?? null),
    told("cvv", "text", ({ settlement }) => settlement.answer?.cvv ?? null),
    told("amount_approved", "int4", approvedBy),
    told("network_transaction_id", "text", ({ settlement }) => settlement.answer?.networkTransactionId ?? null),
    told("bric_sealed", "bytea", ({ bric }) => bric.sealed),
    told("bric_key_id", "text", ({ bric }) => bric.keyId),
    told("bric_fingerprint", "bytea", ({ bric }) => bric.fingerprint)
  ])
}

/** A call that a probe carried out is in the probe's batch. */
const resolvedBy = (sql: PgClient.PgClient, { by, doneBy }: Resolution) => {
  const id = doneBy === null ? null : TransactionIds.toUuid(doneBy)
  return sql`, resolved_by = ${by}, done_by = ${id}::uuid,
      cutoff_at = coalesce((SELECT cutoff_at FROM transactions WHERE id = ${id}::uuid), transactions.cutoff_at)`
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

const changesTarget = ({ status, type }: Shape) =>
  (type === "refund" && status !== "unknown") || (type === "void" && status === "approved")

/** What the call acts on moves with it. */
const targetOf = (sql: PgClient.PgClient, shape: Shape, param: Param<Input>) => {
  if (!changesTarget(shape)) return sql.literal("")
  if (shape.type === "refund") {
    const amount = param(({ call }) => call.amount)
    return sql`, g AS (
    UPDATE transactions SET pending_refund = transactions.pending_refund - ${amount}::int4,
      refunded = transactions.refunded + ${shape.status === "approved" ? sql`${amount}::int4` : sql.literal("0")}
    FROM t WHERE transactions.id = t.target_id
    RETURNING ${changedColumns(sql)}
  )`
  }
  const voided = sql`, g AS (
    UPDATE transactions SET status = 'voided' FROM t WHERE transactions.id = t.target_id
    RETURNING ${changedColumns(sql)}
  )`
  return shape.target === "refund"
    ? sql`${voided}, h AS (
    UPDATE transactions SET refunded = transactions.refunded - g.amount
    FROM g WHERE transactions.id = g.target_id
  )`
    : voided
}

/** One event for each edge: of the call, and of what a void undoes. A charge tells the payment's own status. */
const eventsOf = (sql: PgClient.PgClient, { status, target, type }: Shape, param: Param<Input>) => {
  const nameOf = (type: TransactionType, edge: TransactionStatus) =>
    sql.literal(isFirst(type) ? "'payment.' || p.status" : `'${type}.${edge}'`)
  const edges = [sql`(${param(({ eventIds }) => eventIds[0])}::uuid, ${nameOf(type, status)}, t.id)`]
  if (type === "void" && status === "approved" && target !== null) {
    edges.push(sql`(${param(({ eventIds }) => eventIds[1])}::uuid, ${nameOf(target, "voided")}, t.target_id)`)
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
