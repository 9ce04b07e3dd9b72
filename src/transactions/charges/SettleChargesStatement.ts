import type { PgClient } from "@effect/sql-pg"
import { PaymentIds } from "../../domain/Ids.ts"
import { grouped } from "../../postgres/Grouped.ts"
import { changedColumns, paymentColumns, transactionObject } from "../../postgres/PaymentRow.ts"
import { paymentOf } from "../SettledPayment.ts"
import { type Input, idOf, type Shape, shapeOf } from "../SettleShape.ts"
import { answerOf, ledgerOf } from "../SettleStatement.ts"

const statements = new Map<string, ReturnType<typeof statementOf>>()

/** Charges of one kind are settled by one statement. */
export const kindOf = (input: Input): string => Object.values(shapeOf(input, "submitting")).join()

/**
 * Here the outcomes of charges are committed that are as they were claimed, all of one kind. Each payment is locked
 * first, as everywhere; one that somebody else has locked, or that is not as it was claimed, is left to the statement
 * for a single call, so that none waits for another. The status is compared in a way that leads to no index: the one of
 * calls under way would be read whole.
 */
export const settleChargesStatement = (sql: PgClient.PgClient, inputs: ReadonlyArray<Input>) => {
  const [first] = inputs
  if (first === undefined) throw new Error("Nothing to settle")
  const kind = kindOf(first)
  const known = statements.get(kind) ?? statementOf(shapeOf(first, "submitting"))
  statements.set(kind, known)
  return known(sql, inputs)
}

const statementOf = (shape: Shape) =>
  grouped<Input>((sql, param) => {
    const id = sql`${param(idOf)}::uuid`
    const paymentId = sql`${param(({ call }) => PaymentIds.toUuid(call.paymentId))}::uuid`
    return sql`locked AS MATERIALIZED (
    SELECT id, held, captured, refunded FROM payments WHERE id IN (SELECT ${paymentId} FROM asked)
    FOR UPDATE SKIP LOCKED
  ), t AS (
    UPDATE transactions SET status = ${sql.literal(`'${shape.status}'`)}, settled_at = now(),
      doubt = ${param(({ settlement }) => settlement.doubt)}::text,
      next_attempt_at = ${sql.literal(shape.status === "unknown" && !shape.isParked ? "now()" : "NULL")},
      ${answerOf(sql, param)}
    FROM asked JOIN locked ON locked.id = ${paymentId}
    WHERE transactions.id = ${id} AND transactions.payment_id = locked.id
      AND transactions.status IS NOT DISTINCT FROM 'submitting'
    RETURNING ${changedColumns(sql)}
  ), p AS (
    UPDATE payments SET ${sql.csv(paymentOf(sql, shape, param))}, version = payments.version + 1, updated_at = now()
    FROM t JOIN asked ON ${id} = t.id WHERE payments.id = t.payment_id
    RETURNING ${paymentColumns(sql, "payments")}, payments.merchant_id, payments.environment, payments.held
  ), l AS (${ledgerOf(sql)}), e AS (
    INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
    SELECT ${param(({ eventIds }) => eventIds[0])}::uuid, p.merchant_id, p.environment, 'payment.' || p.status, p.id,
      t.id, jsonb_build_object('status', p.status, 'amount', p.amount, 'currency', p.currency)
    FROM p JOIN t ON t.payment_id = p.id JOIN asked ON ${id} = t.id
  )
  SELECT ${paymentColumns(sql)}, jsonb_build_array(${transactionObject(sql)}) AS transactions
  FROM p JOIN t ON t.payment_id = p.id`
  })
