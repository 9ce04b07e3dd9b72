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
  /** Answers that left it open whether the sale went through. Only where more is asked than can be served. */
  readonly open?: number
  /** Where its traces go: those of sales. Left out for a contender that makes none. */
  readonly traced?: number | undefined
}

/** Why the run is void, in words; nothing when all agree to the cent. A run without a payment proves nothing. */
export const objections = (evidence: Evidence): ReadonlyArray<string> => {
  const { gateway, doubleCharges, books, undecided, answers, open = 0, traced } = evidence
  const found: Array<string> = []
  if (gateway.count === 0) found.push("the gateway saw no payment")
  if (!isEqual(gateway, books)) found.push(`the gateway has ${show(gateway)}, the books have ${show(books)}`)
  if (!isWithin(minus(gateway, answers), open)) {
    found.push(
      `the gateway has ${show(gateway)}, the answers say ${show(answers)}${open > 0 ? ` and ${open} open` : ""}`
    )
  }
  if (doubleCharges.length > 0) found.push(`charged more than once: ${doubleCharges.slice(0, 3).join(", ")}`)
  if (undecided > 0) found.push(`${undecided} transactions have no outcome`)
  if (traced === 0 && answers.count >= surelyTraced) found.push(`of ${answers.count} sales none was traced`)
  return found
}

/** At a tenth of the traces, so many sales without one happen once in a billion runs. */
const surelyTraced = 200

/** What is said of a run in which everything should be turned away. */
export interface RefusalEvidence {
  /** All that was not a good answer, by kind. */
  readonly errors: Readonly<Record<string, number>>
  readonly refusals: number
  readonly answers: Sum
  readonly books: Sum
  readonly undecided: number
}

export const refusalObjections = (evidence: RefusalEvidence): ReadonlyArray<string> => {
  const { errors, refusals, answers, books, undecided } = evidence
  const kinds = Object.keys(errors)
  const all = Object.values(errors).reduce((a, b) => a + b, 0)
  const found: Array<string> = []
  if (refusals === 0) found.push("nothing was refused")
  if (answers.count > 0) found.push(`${answers.count} were served`)
  if (all > refusals) found.push(`${all - refusals} were neither served nor refused`)
  if (kinds.length > 1) found.push(`refused for different reasons: ${kinds.join(", ")}`)
  if (books.count > 0) found.push(`the books have ${show(books)}`)
  if (undecided > 0) found.push(`${undecided} transactions have no outcome`)
  return found
}

export const minus = (after: Sum, before: Sum): Sum => ({
  count: after.count - before.count,
  cents: after.cents - before.cents
})

const isEqual = (a: Sum, b: Sum): boolean => a.count === b.count && a.cents === b.cents

/** Nothing, or what at most so many answers that left it open explain. */
const isWithin = ({ count, cents }: Sum, open: number): boolean =>
  count === 0 ? cents === 0 : count > 0 && count <= open && cents > 0

const show = ({ count, cents }: Sum): string => `${count} payments over ${(cents / 100).toFixed(2)}`
