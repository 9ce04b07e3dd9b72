/** Payments that went through, and their cents. */
export interface Sum {
  readonly count: number
  readonly cents: number
}

/** What three independent witnesses say of one run. */
export interface Evidence {
  /** The gateway: approvals that stand, whatever the contender was told. */
  readonly gateway: Sum
  /** References at the gateway under which more than one approval stands. */
  readonly doubleCharges: ReadonlyArray<string>
  /** The contender's tables. */
  readonly books: Sum
  /** Transactions in its tables that are still without an outcome. */
  readonly undecided: number
  /** The load generator: answers that said captured. */
  readonly answers: Sum
  /** Where its traces go: those of sales. Left out for a contender that makes none. */
  readonly traced?: number | undefined
}

/** Why the run is void, in words; nothing when all agree to the cent. A run without a payment proves nothing. */
export const objections = (evidence: Evidence): ReadonlyArray<string> => {
  const { gateway, doubleCharges, books, undecided, answers, traced } = evidence
  const found: Array<string> = []
  if (gateway.count === 0) found.push("the gateway saw no payment")
  if (!isEqual(gateway, books)) found.push(`the gateway has ${show(gateway)}, the books have ${show(books)}`)
  if (!isEqual(gateway, answers)) found.push(`the gateway has ${show(gateway)}, the answers say ${show(answers)}`)
  if (doubleCharges.length > 0) found.push(`charged more than once: ${doubleCharges.slice(0, 3).join(", ")}`)
  if (undecided > 0) found.push(`${undecided} transactions have no outcome`)
  if (traced === 0 && answers.count >= surelyTraced) found.push(`of ${answers.count} sales none was traced`)
  return found
}

/** At a tenth of the traces, so many sales without one happen once in a billion runs. */
const surelyTraced = 200

export const minus = (after: Sum, before: Sum): Sum => ({
  count: after.count - before.count,
  cents: after.cents - before.cents
})

const isEqual = (a: Sum, b: Sum): boolean => a.count === b.count && a.cents === b.cents

const show = ({ count, cents }: Sum): string => `${count} payments over ${(cents / 100).toFixed(2)}`
