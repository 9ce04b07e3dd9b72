import { amountOf, type EntryRow, isOwn, type PaymentBook } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

const sumOf = (entries: ReadonlyArray<EntryRow>): number => entries.reduce((sum, { amount }) => sum + amount, 0)

/** The entries of a payment against its row, and those of each transaction against each other. */
export const ledgerViolations = ({ entries, payment, transactions }: PaymentBook): ReadonlyArray<Violation> => {
  const balanceOf = (account: EntryRow["account"]) => sumOf(entries.filter((entry) => entry.account === account))
  const settled = transactions
    .filter((row) => isOwn(row) && row.status === "settled")
    .reduce((sum, row) => sum + (row.type === "refund" ? -amountOf(row) : amountOf(row)), 0)
  const differs = (what: string, found: number, expected: number) =>
    found === expected
      ? []
      : [violation("ledger_differs", { payment: payment.id }, `${what} is ${found} and should be ${expected}`)]
  const groups = Map.groupBy(entries, ({ currency, transaction_id }) => `${transaction_id} ${currency}`)
  const attempts = new Set(transactions.filter((row) => !isOwn(row)).map(({ id }) => id))
  return [
    ...[...groups.values()].flatMap((group) => {
      const [first] = group
      const subject = { payment: payment.id, transaction: first?.transaction_id ?? null }
      const found: Array<Violation> = []
      if (sumOf(group) !== 0) found.push(violation("unbalanced", subject, `its entries sum to ${sumOf(group)}`))
      if (first?.currency !== payment.currency) {
        found.push(violation("ledger_differs", subject, `is booked in ${first?.currency}`))
      }
      if (first !== undefined && attempts.has(first.transaction_id)) {
        found.push(violation("ledger_differs", subject, "moves no money and has entries"))
      }
      return found
    }),
    ...differs("held", balanceOf("held"), payment.held),
    ...differs(
      "receivable and settled",
      balanceOf("receivable") + balanceOf("settled"),
      payment.captured - payment.refunded
    ),
    ...differs("settled", balanceOf("settled"), settled)
  ]
}
