import type { PaymentStatus } from "./Payment.ts"
import type { TransactionStatus, TransactionType } from "./Transaction.ts"

/**
 * Totals of a payment in minor units, and how many of its calls are open. What is pending or unknown counts as used.
 */
export interface Totals {
  readonly authorized: number
  readonly captured: number
  readonly refunded: number
  readonly pending_capture: number
  readonly pending_refund: number
  readonly pending_void: number
  /** On their way. */
  readonly calls: number
  /** Of unknown outcome. */
  readonly doubts: number
}

const nothing: Totals = {
  authorized: 0,
  captured: 0,
  refunded: 0,
  pending_capture: 0,
  pending_refund: 0,
  pending_void: 0,
  calls: 0,
  doubts: 0
}

const add = (one: Totals, other: Totals, sign: 1 | -1 = 1): Totals => ({
  authorized: one.authorized + sign * other.authorized,
  captured: one.captured + sign * other.captured,
  refunded: one.refunded + sign * other.refunded,
  pending_capture: one.pending_capture + sign * other.pending_capture,
  pending_refund: one.pending_refund + sign * other.pending_refund,
  pending_void: one.pending_void + sign * other.pending_void,
  calls: one.calls + sign * other.calls,
  doubts: one.doubts + sign * other.doubts
})

const stands: ReadonlySet<TransactionStatus> = new Set(["approved", "settled"])
const isOpen: ReadonlySet<TransactionStatus> = new Set(["scheduled", "submitting", "unknown"])

/** What one transaction adds to its payment's totals. `amount` is what EPX approved, else what was asked for. */
export const contributionOf = (type: TransactionType, status: TransactionStatus, amount: number): Totals => {
  const base = { ...nothing, calls: Number(status === "submitting"), doubts: Number(status === "unknown") }
  const standing = stands.has(status) ? amount : 0
  const pending = isOpen.has(status) ? amount : 0
  switch (type) {
    case "sale":
      return { ...base, authorized: standing, captured: standing }
    case "authorization":
      return { ...base, authorized: standing }
    case "capture":
      return { ...base, captured: standing, pending_capture: pending }
    case "refund":
      return { ...base, refunded: standing, pending_refund: pending }
    case "void":
      return { ...base, pending_void: Number(isOpen.has(status)) }
    case "reversal":
      return nothing
  }
}

/** How the totals move when a transaction takes an edge. */
export const changeOf = (
  type: TransactionType,
  from: TransactionStatus,
  to: TransactionStatus,
  amount: number
): Totals => add(contributionOf(type, to, amount), contributionOf(type, from, amount), -1)

/** One transaction as the fold of its payment sees it; probes and timeout reversals are left out. */
export interface Member {
  readonly type: TransactionType
  readonly status: TransactionStatus
  readonly amount: number
}

/** The totals of a payment from all of its transactions. An authorization that lapsed keeps what was captured. */
export const totalsOf = (members: ReadonlyArray<Member>): Totals => {
  const totals = members.reduce(
    (sum, { amount, status, type }) => add(sum, contributionOf(type, status, amount)),
    nothing
  )
  const hasExpired = members.some(({ status, type }) => type === "authorization" && status === "expired")
  return hasExpired ? { ...totals, authorized: totals.captured } : totals
}

/** What decides the status of a payment beside its totals. */
export interface Standing {
  /** Of the transaction that charges or holds the money. */
  readonly first: TransactionStatus
  readonly isDeclined: boolean
  readonly isToBeUndone: boolean
}

/** The payment's status: the same fold as the column `payments.status`. */
export const statusOf = (
  { calls, captured, doubts, refunded }: Totals,
  { first, isDeclined, isToBeUndone }: Standing
): PaymentStatus => {
  if (doubts > 0) return "unknown"
  if (calls > 0 || (isToBeUndone && first === "approved")) return "processing"
  if (first === "declined" || first === "rejected") return "declined"
  if ((first === "voided" || first === "reversed") && isDeclined) return "declined"
  if (first === "expired" && captured === 0) return "expired"
  if (first === "failed" || first === "reversed" || first === "voided") return first
  if (refunded > 0) return refunded < captured ? "partially_refunded" : "refunded"
  return captured > 0 ? "captured" : "authorized"
}
