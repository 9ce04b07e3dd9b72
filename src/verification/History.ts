import { Schema } from "effect"
import { canBecome, nextStatuses, TransactionStatus } from "../domain/Transaction.ts"
import { isFirst, isOwn, type PaymentBook, type TransactionRow } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

/** Events of a first transaction tell the payment's status, and these transactions' states stand behind it. */
const statesBehind: Readonly<Record<string, ReadonlyArray<TransactionStatus>>> = {
  "payment.captured": ["approved"],
  "payment.authorized": ["approved"],
  // Approved, and to be undone.
  "payment.processing": ["approved"],
  "payment.declined": ["declined", "rejected", "reversed", "voided"],
  "payment.failed": ["failed"],
  "payment.reversed": ["reversed"],
  "payment.voided": ["voided"],
  "payment.expired": ["expired"],
  "payment.settled": ["settled"],
  "payment.unknown": ["unknown"]
}

/** The order in which states can come. */
const ranks: Readonly<Record<TransactionStatus, number>> = {
  scheduled: 0,
  submitting: 0,
  unknown: 1,
  approved: 2,
  declined: 2,
  rejected: 2,
  failed: 2,
  reversed: 2,
  voided: 3,
  expired: 3,
  settled: 3
}

const isStatus = Schema.is(TransactionStatus)

/** The state an event of the transaction tells of; undefined: none it can have had. */
const stateOf = (row: TransactionRow, type: string): TransactionStatus | undefined => {
  if (isFirst(row)) {
    const states = statesBehind[type] ?? []
    return states.includes(row.status) ? row.status : states[0]
  }
  const [prefix, state] = type.split(".")
  return prefix === row.type && isStatus(state) ? state : undefined
}

type Edge = readonly [from: TransactionStatus, to: TransactionStatus]

const isBackward = ([from, to]: Edge): boolean => nextStatuses[from].length === 0 || ranks[to] <= ranks[from]

/** A refund that was never sent, and so has no pair, is voided without a call. */
const isKnownEdge = (row: TransactionRow, [from, to]: Edge): boolean =>
  canBecome(from, to) ||
  (from === "submitting" && row.type === "refund" && row.tran_nbr === null && canBecome("scheduled", to))

/** What is left when each postponement has taken back the doubt before it; undefined: there was none. */
const lasting = (states: ReadonlyArray<TransactionStatus>): ReadonlyArray<TransactionStatus> | undefined => {
  const postponed = states.filter((state) => state === "scheduled").length
  const doubts = states.filter((state) => state === "unknown")
  if (doubts.length < postponed) return undefined
  return [...doubts.slice(postponed), ...states.filter((state) => state !== "scheduled" && state !== "unknown")]
}

const wrongIn = (row: TransactionRow, states: ReadonlyArray<TransactionStatus>): Violation["name"] | null => {
  const isOpen = ranks[row.status] === 0
  if (!isOwn(row) || isOpen) return states.length === 0 ? null : "illegal_edge"
  const told = states.toSorted((a, b) => ranks[a] - ranks[b])
  const isTold = told.at(-1) === row.status
  const path = isTold ? told : [...told, row.status]
  const edges = path.map((to, index): Edge => [path[index - 1] ?? "submitting", to])
  if (edges.some(isBackward)) return "illegal_edge"
  if (row.resolved_by !== null && !told.includes("unknown")) return "event_missing"
  return isTold && edges.every((edge) => isKnownEdge(row, edge)) ? null : "event_missing"
}

/** The events of each transaction against the edges there are: each once, and none out of a final state. */
export const historyViolations = ({ events, payment, transactions }: PaymentBook): ReadonlyArray<Violation> => {
  const told = Map.groupBy(events, ({ transaction_id }) => transaction_id)
  return transactions.flatMap((row) => {
    const types = (told.get(row.id) ?? []).map(({ type }) => type)
    const states = types.map((type) => stateOf(row, type)).filter((state) => state !== undefined)
    const left = lasting(states)
    const wrong = states.length < types.length || left === undefined ? "illegal_edge" : wrongIn(row, left)
    const detail = `${row.type} is ${row.status}, told as ${types.join(", ") || "nothing"}`
    return wrong === null ? [] : [violation(wrong, { payment: payment.id, transaction: row.id }, detail)]
  })
}
