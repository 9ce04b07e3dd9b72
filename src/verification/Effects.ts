import { amountOf, isOwn, type PaymentBook, pairOf, type TransactionRow } from "./Books.ts"
import { type GatewayTransaction, merchNbrOf, standing } from "./GatewayBooks.ts"
import { attemptsAt, type GatewayIndex } from "./GatewayIndex.ts"
import { type Violation, violation } from "./Violation.ts"

const movesMoney = ({ type }: TransactionRow): boolean => type !== "void" && type !== "reversal"

const stands = ({ status }: TransactionRow): boolean => status === "approved" || status === "settled"

const isOpen = ({ status }: TransactionRow): boolean => status === "submitting" || status === "unknown"

/** Whether a call that would undo this one is on its way, or of unknown outcome: it may or may not stand. */
const isBeingUndone = (row: TransactionRow, { transactions }: PaymentBook): boolean =>
  transactions.some((other) => other.type === "void" && other.target_id === row.id && isOpen(other))

const wrongIn = (
  row: TransactionRow,
  book: PaymentBook,
  done: ReadonlyArray<GatewayTransaction>
): readonly [Violation["name"], string] | null => {
  const standingNow = done.map(standing).filter((cents) => cents > 0)
  const sum = standingNow.reduce((total, cents) => total + cents, 0)
  const shown = `${row.type} is ${row.status} over ${amountOf(row)}, and ${sum} stands at the gateway`
  if (standingNow.length > 1) return ["moved_twice", shown]
  const expected = amountOf(row)
  // What has lapsed is nobody's any more, whether or not the gateway still shows it.
  if (row.status === "expired") return sum === 0 || sum === expected ? null : ["not_at_gateway", shown]
  // Whether an open call is late, its times say.
  if (isOpen(row) || isBeingUndone(row, book)) return null
  if (stands(row)) return sum === expected ? null : [sum > expected ? "not_on_books" : "not_at_gateway", shown]
  return sum === 0 ? null : ["not_on_books", shown]
}

/** Where the gateway has what a transaction acts on: under its own pair, or under that of the probe that did it. */
const pairsOf = (id: TransactionRow["target_id"], { transactions }: PaymentBook): ReadonlyArray<string | null> => {
  const target = transactions.find((row) => row.id === id)
  return transactions.filter((row) => row.id === id || (target !== undefined && row.id === target.done_by)).map(pairOf)
}

const isAstray = (row: TransactionRow, book: PaymentBook, { key, target }: GatewayTransaction): boolean => {
  if (target === null) return false
  const pair = `${merchNbrOf(key)}/${target.batchId}/${target.tranNbr}`
  return !pairsOf(row.target_id ?? row.reversal_of, book).includes(pair)
}

/** What the gateway did for a payment against what its rows say. */
export const effectViolations = (book: PaymentBook, gateway: GatewayIndex): ReadonlyArray<Violation> => {
  const done = new Map(book.transactions.map((row) => [row.id, gateway.transactionsOf(row)]))
  const subject = (row: TransactionRow) => ({ payment: book.payment.id, transaction: row.id })
  const astray = book.transactions.flatMap((row) => {
    const found = (done.get(row.id) ?? []).filter((each) => isAstray(row, book, each))
    const detail = `${row.type} acted on something else at the gateway`
    return found.map(() => violation("wrong_target", subject(row), detail))
  })
  const own = book.transactions.filter(isOwn).flatMap((row) => {
    // What a timeout reversal did shows in what is left of the charge; it is asked for so that it is accounted for.
    gateway.reversalsOf(row)
    if (!movesMoney(row)) return []
    const all = [row, ...attemptsAt(row, book).filter(movesMoney)].flatMap(({ id }) => done.get(id) ?? [])
    const wrong = wrongIn(row, book, all)
    return wrong === null ? [] : [violation(wrong[0], subject(row), wrong[1])]
  })
  return [...astray, ...own]
}

/** What the gateway did that no row of any payment accounts for. */
export const strayEffects = (left: ReadonlyArray<GatewayTransaction>): ReadonlyArray<Violation> =>
  left
    .filter((each) => standing(each) > 0)
    .map(({ amount, attempt, batchId, key, released, tranNbr, type }) =>
      violation(
        "not_on_books",
        {},
        `${type} ${key} ${batchId}/${tranNbr} of ${attempt ?? "nobody"} stands with ${amount - released}`
      )
    )
