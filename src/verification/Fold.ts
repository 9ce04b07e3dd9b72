import { statusOf, totalsOf } from "../domain/Totals.ts"
import { amountOf, isFirst, isOwn, type PaymentBook, type PaymentRow } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

/** Every derived column of a payment, computed anew from its transactions. */
const foldOf = ({ payment, transactions }: PaymentBook): Partial<PaymentRow> => {
  const own = transactions.filter(isOwn)
  const first = own.find(isFirst)
  if (first === undefined) return {}
  const { pending_void, ...totals } = totalsOf(
    own.map((row) => ({ type: row.type, status: row.status, amount: amountOf(row) }))
  )
  const { is_declined, is_to_be_undone, multiple_captures } = payment
  const isHeld = first.type === "authorization" && first.status === "approved"
  const isClosed = pending_void > 0 || is_to_be_undone
  const { authorized, captured, pending_capture, pending_refund, refunded } = totals
  return {
    ...totals,
    pending_void: pending_void > 0,
    type: first.type === "sale" ? "sale" : "authorization",
    first_status: first.status,
    status: statusOf(
      { ...totals, pending_void },
      { first: first.status, isDeclined: is_declined, isToBeUndone: is_to_be_undone }
    ),
    capturable:
      isHeld && !isClosed && (multiple_captures || captured + pending_capture === 0)
        ? authorized - captured - pending_capture
        : 0,
    refundable: isClosed ? 0 : captured - refunded - pending_refund,
    held: isHeld && (multiple_captures || captured === 0) ? authorized - captured : 0
  }
}

const isSame = (payment: PaymentRow) => (entry: [string, unknown]) =>
  Object.entries(payment).some(([column, value]) => column === entry[0] && value === entry[1])

/** The payment's row against its transactions, column by column. */
export const foldViolations = (book: PaymentBook): ReadonlyArray<Violation> => {
  const { payment, transactions } = book
  const wrong = Object.entries(foldOf(book)).filter((entry) => !isSame(payment)(entry))
  const refunds = transactions.filter((row) => row.type === "refund" && isOwn(row))
  return [
    ...wrong.map(([column, value]) =>
      violation("not_the_fold", { payment: payment.id }, `${column} should be ${value} by its transactions`)
    ),
    ...transactions.flatMap((row) => {
      const { pending_refund, refunded } = totalsOf(
        refunds
          .filter(({ target_id }) => target_id === row.id)
          .map((refund) => ({ type: refund.type, status: refund.status, amount: amountOf(refund) }))
      )
      if (row.refunded === refunded && row.pending_refund === pending_refund) return []
      const shown = `${row.refunded} and ${row.pending_refund} pending`
      const detail = `${shown}, by its refunds ${refunded} and ${pending_refund}`
      return [violation("refunds_differ", { payment: payment.id, transaction: row.id }, detail)]
    })
  ]
}

/** What may never be exceeded, whatever the rows are a fold of. */
export const limitViolations = ({ payment, transactions }: PaymentBook): ReadonlyArray<Violation> => {
  const { authorized, captured, id, pending_capture, pending_refund, refunded } = payment
  const beyond = (used: number, limit: number, detail: string) =>
    used > limit || used < 0 ? [violation("beyond_limit", { payment: id }, `${detail}: ${used} of ${limit}`)] : []
  return [
    ...beyond(captured + pending_capture, authorized, "captured"),
    ...beyond(refunded + pending_refund, captured, "refunded"),
    ...transactions.flatMap((row) =>
      beyond(row.refunded + row.pending_refund, amountOf(row), `refunded of ${row.type} ${row.id}`)
    )
  ]
}
