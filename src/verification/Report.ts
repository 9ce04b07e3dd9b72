import { Schema } from "effect"
import { Violation } from "./Violation.ts"

/** What was looked at, and everything that does not hold. */
export const Report = Schema.Struct({
  counts: Schema.Struct({
    payments: Schema.Int,
    transactions: Schema.Int,
    entries: Schema.Int,
    events: Schema.Int,
    /** Null: the books were looked at by themselves. */
    gateway_transactions: Schema.NullOr(Schema.Int),
    gateway_requests: Schema.NullOr(Schema.Int)
  }),
  /** Unknown outcomes that are left to people: no difference, but work. */
  left_to_people: Schema.Int,
  violations: Schema.Array(Violation)
})
export type Report = typeof Report.Type

/** The report in words. */
export const reportText = ({ counts, left_to_people, violations }: Report): string => {
  const { entries, events, gateway_requests, gateway_transactions, payments, transactions } = counts
  const ours = `${payments} payments, ${transactions} transactions, ${entries} ledger entries, ${events} events`
  const theirs =
    gateway_transactions === null
      ? "not compared with the gateway"
      : `${gateway_transactions} transactions and ${gateway_requests} requests of the gateway`
  return [
    `Checked ${ours}; ${theirs}.`,
    `${left_to_people} unknown outcomes are left to people.`,
    violations.length === 0 ? "No difference." : `${violations.length} differences:`,
    ...violations.map(({ detail, name, payment_id, transaction_id }) =>
      [name, payment_id, transaction_id]
        .filter((part) => part !== null)
        .join(" ")
        .concat(`: ${detail}`)
    )
  ].join("\n")
}
