import { Effect } from "effect"
import { type Books, readBooks } from "./Books.ts"
import type { Contender } from "./Contenders.ts"
import { minus, objections, refusalObjections } from "./Gate.ts"
import type { Gateway } from "./Gateway.ts"
import type { LoadResult } from "./load/Tally.ts"
import type { Scenario } from "./Scenario.ts"

/** What the witnesses said before a run. */
export interface Before {
  readonly books: Books
  readonly traced: number
}

export const before = (contender: Contender) =>
  Effect.map(booksOf(contender), (books): Before => ({ books, traced: tracedBy(contender) }))

/** Why the run that has just ended is void; nothing when it is valid. */
export const objectionsTo = Effect.fnUntraced(function* (
  { requests, expected }: Scenario,
  contender: Contender,
  gateway: Gateway,
  { books: booksBefore, traced }: Before,
  { answers, errors, refusals }: LoadResult
) {
  if (requests === "get") return answers.count === 0 ? ["no payment was read"] : []
  const { captured, undecided } = yield* settledBooks(contender)
  const books = minus(captured, booksBefore.captured)
  if (expected === "refused") return refusalObjections({ errors, refusals: refusals.count, answers, books, undecided })
  const ledger = yield* gateway.ledger(contender.terminal)
  return objections({
    gateway: ledger.captured,
    doubleCharges: ledger.doubleCharges,
    books,
    undecided,
    answers,
    open: expected === "either" ? openAnswers(errors) : 0,
    traced: contender.traces && (yield* tracedSince(contender, traced))
  })
})

/** That it is still under way, or nothing readable: either may have been charged. */
const openAnswers = (errors: LoadResult["errors"]): number =>
  Object.entries(errors).reduce((sum, [kind, count]) => (isDecided.test(kind) ? sum : sum + count), 0)

const isDecided = /^(not_sent_|http_(401|429|503))/

const booksOf = ({ database }: Contender) => Effect.promise(() => readBooks(database))

/** A request whose client gave up may still be settling; what is not decided after five seconds counts as undecided. */
const settledBooks = Effect.fnUntraced(function* (contender: Contender) {
  let books = yield* booksOf(contender)
  for (let tries = 0; books.undecided > 0 && tries < 50; tries++) {
    yield* Effect.sleep("100 millis")
    books = yield* booksOf(contender)
  }
  return books
})

const tracedBy = ({ traces }: Contender): number => traces?.counted().sales ?? 0

/** Traces are exported a second after they were made; after three the first would be there. */
const tracedSince = Effect.fnUntraced(function* (contender: Contender, before: number) {
  for (let tries = 0; tracedBy(contender) === before && tries < 30; tries++) yield* Effect.sleep("100 millis")
  return tracedBy(contender) - before
})
