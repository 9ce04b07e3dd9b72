import { standing, type Transaction } from "./Transaction.ts"

/** Where a transaction stands; `done` is the end of those that move no money. */
export type State = "declined" | "open" | "captured" | "refunded" | "settled" | "reversed" | "voided" | "done"

const moneyTypes: ReadonlySet<string> = new Set(["CCE1", "CCE2", "CCE4", "CCE9"])

/** The state in one word: of two that hold, the later one. */
export const stateOf = (transaction: Transaction): State => {
  if (!transaction.isDone) return "declined"
  if (!moneyTypes.has(transaction.type)) return "done"
  if (transaction.isVoided) return "voided"
  if (standing(transaction) === 0) return "reversed"
  if (transaction.capture !== undefined) return "captured"
  if (transaction.refunded === standing(transaction)) return "refunded"
  return transaction.settledAt === undefined ? "open" : "settled"
}
