import type { TransactionType } from "../domain/Transaction.ts"
import { isFirst, isOwn, type PaymentBook, pairOf, type TransactionRow } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

const targets: Readonly<Record<TransactionType, ReadonlyArray<TransactionType>>> = {
  sale: [],
  authorization: [],
  capture: ["authorization"],
  refund: ["sale", "capture"],
  void: ["sale", "authorization", "capture", "refund"],
  reversal: []
}

/** What one transaction may not refer to as it does; null: all is well. */
const wrongIn = (row: TransactionRow, rows: ReadonlyMap<string, TransactionRow>): string | null => {
  const found = (id: TransactionRow["target_id"]) => (id === null ? undefined : rows.get(id))
  const target = found(row.target_id)
  if ((row.target_id !== null) !== targets[row.type].length > 0) return "has no target, or may not have one"
  if (row.target_id !== null && !(target && isOwn(target) && targets[row.type].includes(target.type))) {
    return `cannot act on ${row.target_id}`
  }
  const probed = found(row.probe_of)
  if (row.probe_of !== null && !(probed && isOwn(probed))) return `probes ${row.probe_of}, which it cannot`
  if (probed !== undefined && row.target_id !== (probed.target_id ?? probed.id)) return "probes something else's target"
  const reversed = found(row.reversal_of)
  if (row.type === "reversal" && !(reversed && isFirst(reversed))) return `reverses ${row.reversal_of}, which it cannot`
  if (row.type === "reversal" && reversed !== undefined && pairOf(reversed) !== pairOf(row)) {
    return "does not repeat the pair of what it reverses"
  }
  const doer = found(row.done_by)
  if (row.done_by !== null && (doer?.probe_of !== row.id || doer.status !== "approved")) {
    return `cannot have been carried out by ${row.done_by}`
  }
  // By its own pair the gateway would not know it.
  const isDoer = row.type === "capture" && row.status === "approved"
  if (isDoer && probed !== undefined && probed.status !== "unknown" && probed.done_by !== row.id) {
    return `carried out ${probed.id}, which does not say so`
  }
  return null
}

/** Whether the rows of a payment hang together, and belong to one merchant. */
export const referenceViolations = ({ entries, events, payment, transactions }: PaymentBook) => {
  const rows = new Map<string, TransactionRow>(transactions.map((row) => [row.id, row]))
  const firsts = transactions.filter(isFirst).length
  const found: Array<Violation> = []
  if (firsts !== 1) found.push(violation("astray", { payment: payment.id }, `has ${firsts} first transactions`))
  for (const row of transactions) {
    const subject = { payment: payment.id, transaction: row.id }
    const wrong = wrongIn(row, rows)
    if (wrong !== null) found.push(violation("astray", subject, `${row.type} ${wrong}`))
    if (row.merchant_id !== payment.merchant_id || row.environment !== payment.environment) {
      found.push(violation("foreign", subject, "is not of the payment's merchant and environment"))
    }
    if (!row.has_own_terminal) found.push(violation("foreign", subject, "does not go to its merchant's terminal"))
  }
  for (const { environment, merchant_id, transaction_id } of events) {
    if (merchant_id === payment.merchant_id && environment === payment.environment) continue
    const subject = { payment: payment.id, transaction: transaction_id }
    found.push(violation("foreign", subject, "an event of it is told to another merchant or environment"))
  }
  const lost = [...entries, ...events].filter(({ transaction_id }) => !rows.has(transaction_id))
  for (const { transaction_id } of lost) {
    const detail = "an entry or event names a transaction of another payment"
    found.push(violation("astray", { payment: payment.id, transaction: transaction_id }, detail))
  }
  return found
}
