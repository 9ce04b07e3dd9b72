import { isOwn, type PaymentBook, type TransactionRow } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

/** How long after a due time nobody needs to have looked yet: sweeps come every second, but in batches. */
const grace_ms = 30_000

/** Milliseconds in which what is tried automatically about a doubt comes to its end, each with its last lease. */
const bounds = {
  /** Timeout reversals, and a refund, about which nothing is tried. */
  short: 150_000,
  /** Probes: the last begins within an hour, or 25 minutes later. */
  probes: 90 * 60_000,
  /** EPX's listing is read for a day, and probes that could not be sent are tried again for as long. */
  day: 26 * 3_600_000
}

/** How long after its claim an unknown outcome may still have an automatic step before it. */
const boundOf = ({ has_bric, has_lookup, id, type }: TransactionRow, all: ReadonlyArray<TransactionRow>): number => {
  if (has_lookup || all.some(({ probe_of, status }) => probe_of === id && status === "failed")) return bounds.day
  if (type === "capture" || type === "void") return bounds.probes
  return type !== "refund" && has_bric ? bounds.probes : bounds.short
}

/** People have to find out what became of it: nothing automatic is left. */
export const isLeftToPeople = (row: TransactionRow): boolean =>
  isOwn(row) && row.status === "unknown" && row.next_attempt_at === null

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`

const wrongIn = (
  row: TransactionRow,
  all: ReadonlyArray<TransactionRow>,
  now: number
): readonly [Violation["name"], string] | null => {
  const { created_at, lease_until, next_attempt_at, status, type } = row
  if (status === "submitting") {
    const late = now - (lease_until ?? created_at)
    return late > grace_ms ? ["lease_overdue", `${type} outlived its lease by ${seconds(late)}`] : null
  }
  if (status === "scheduled" && next_attempt_at === null) return ["step_overdue", `${type} will never be sent`]
  if ((status !== "unknown" && status !== "scheduled") || next_attempt_at === null) return null
  const late = now - next_attempt_at
  if (late > grace_ms) return ["step_overdue", `${type} was due ${seconds(late)} ago`]
  const age = now - created_at
  return status === "unknown" && age > boundOf(row, all)
    ? ["doubt_overdue", `${type} has been unknown for ${seconds(age)}`]
    : null
}

/** What nobody looks after: calls beyond their lease, and steps that nobody took when they were due. */
export const overdueViolations = ({ payment, transactions }: PaymentBook, now: number): ReadonlyArray<Violation> =>
  transactions.flatMap((row) => {
    const wrong = wrongIn(row, transactions, now)
    return wrong === null ? [] : [violation(wrong[0], { payment: payment.id, transaction: row.id }, wrong[1])]
  })
