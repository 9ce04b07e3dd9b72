import type { PgClient } from "@effect/sql-pg"
import type { Statement } from "effect/sql"
import { authorizationLife } from "../domain/AuthorizationLife.ts"
import { changeOf, type Totals } from "../domain/Totals.ts"
import type { TransactionStatus } from "../domain/Transaction.ts"
import type { Param } from "../postgres/Prepared.ts"
import { approvedBy, type Input, isFirst, type Shape } from "./SettleShape.ts"

/** How the payment's row moves. Whether the call was still counted as on its way or in doubt, its row says. */
export const paymentOf = (sql: PgClient.PgClient, shape: Shape, param: Param<Input>) => {
  const { from, status, target, type } = shape
  const was = (wanted: TransactionStatus) =>
    sql.literal(from === "submitting" ? String(Number(wanted === from)) : `(old.status = '${wanted}')::int4`)
  const changes: Array<Statement.Fragment> = [
    sql`calls = payments.calls - ${was("submitting")}`,
    sql`doubts = payments.doubts - ${was("unknown")} + ${sql.literal(String(Number(status === "unknown")))}`,
    ...columns
      .filter((column) => movedBy(shape, 1, 1)[column] !== 0)
      .map(
        (column) =>
          sql`${sql.literal(`${column} = payments.${column}`)} + ${param((input) => moved(shape, input)[column])}::int4`
      )
  ]
  if (isFirst(type)) {
    const decline = sql`${param(({ settlement }) => json(settlement.decline))}::jsonb`
    changes.push(
      sql.literal(`first_status = '${status}'`),
      sql`card_brand = coalesce(${param(({ settlement }) => settlement.answer?.card.brand ?? null)}::text,
        payments.card_brand)`,
      sql`card_last4 = coalesce(${param(({ settlement }) => settlement.answer?.card.last4 ?? null)}::text,
        payments.card_last4)`,
      status === "approved" ? sql`decline = ${decline}` : sql`decline = coalesce(${decline}, payments.decline)`,
      sql`undo = coalesce(payments.undo, ${param(({ settlement }) => settlement.undo)}::text)`
    )
  }
  if (type === "authorization" && status === "approved") {
    const life = param(({ settlement }) => authorizationLife(settlement.answer?.card.brand ?? null))
    changes.push(sql`expires_at = t.created_at + ${life}::int4 * interval '1 second'`)
  }
  if (type === "void" && status !== "unknown") {
    changes.push(sql.literal("pending_void = false"))
    if (status === "approved" && isFirst(target ?? "void")) changes.push(sql.literal("first_status = 'voided'"))
    // What had lapsed keeps only what was captured, and that is less now.
    if (status === "approved" && target === "capture") {
      changes.push(sql`authorized = payments.authorized - CASE WHEN payments.first_status = 'expired'
        THEN ${param(({ call }) => call.target?.amount ?? 0)}::int4 ELSE 0 END`)
    }
    // What was asked for and refused is off; what the service undoes itself it goes on undoing, unless a person says
    // no.
    if (status !== "approved") {
      const isOver = from === "operator"
      changes.push(sql.literal(`undo = CASE WHEN t.idempotency_key IS NULL AND NOT ${isOver} THEN payments.undo END`))
    }
  }
  return changes
}

const columns = ["authorized", "captured", "refunded", "pending_capture", "pending_refund"] as const

const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value))

const moved = (shape: Shape, input: Input): Totals =>
  movedBy(shape, approvedBy(input) ?? input.call.amount, input.call.target?.amount ?? 0)

/** How the totals move, by what was approved of the call and what its target amounts to. */
const movedBy = ({ status, target, type }: Shape, amount: number, targetAmount: number): Totals =>
  type === "void" && status === "approved" && target !== null
    ? changeOf(target, "approved", "voided", targetAmount)
    : changeOf(type, "submitting", status, amount)
