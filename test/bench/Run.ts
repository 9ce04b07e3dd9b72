import { Effect } from "effect"
import { readBooks } from "./Books.ts"
import type { Child } from "./Child.ts"
import type { Contender } from "./Contenders.ts"
import { type Costs, type CpuTimes, mapRoles, startCosts } from "./Costs.ts"
import type { CounterReader } from "./Counters.ts"
import { minus, objections, type Sum } from "./Gate.ts"
import type { Gateway } from "./Gateway.ts"
import type { LoadJob } from "./load/Load.ts"
import type { LoadResult } from "./load/Tally.ts"
import { residentOf } from "./Machine.ts"
import type { ContenderName, Scenario } from "./Options.ts"
import type { EventLoopDelay } from "./Probe.ts"

/** What takes part in every run. */
export interface Stage {
  readonly gateway: Gateway
  readonly load: Child
  readonly counters: CounterReader
}

export interface RunOptions {
  readonly scenario: Scenario
  readonly contender: Contender
  /** Milliseconds. */
  readonly warmup: number
  readonly measure: number
  /** For a scenario that reads: the payments to read. */
  readonly ids: ReadonlyArray<string>
}

/** What one run gave. Figures "for each" are divided by all good answers, those of the warm-up included. */
export interface RunResult {
  readonly scenario: string
  readonly contender: ContenderName
  /** Why it is void; nothing when it is valid. */
  readonly objections: ReadonlyArray<string>
  readonly load: LoadResult
  /** Milliseconds of processor time for each. */
  readonly cpuForEach: CpuTimes
  readonly statementsForEach: number
  /** Of the whole server. */
  readonly walBytesForEach: number
  /** Megabytes at the end of the load; undefined where the system does not tell. */
  readonly resident: number | undefined
  /** Of the contender, from the first request to the last answer. */
  readonly eventLoopDelay: EventLoopDelay
  readonly machine: Costs["machine"]
}

/** Loads one contender once, with all witnesses read before and after. */
export const run = Effect.fnUntraced(function* (stage: Stage, options: RunOptions) {
  const { gateway, load, counters } = stage
  const { contender, scenario } = options
  const readCounters = Effect.promise(() => counters.read(contender.database.database))

  yield* gateway.reset
  const books = yield* booksOf(contender)
  const before = yield* readCounters
  const tracedBefore = tracedBy(contender)
  yield* contender.eventLoopDelay
  const spent = startCosts({
    contender: contender.pid,
    postgres: counters.postmaster,
    simulator: gateway.pid,
    load: load.pid
  })
  const result = (yield* load.ask(jobOf(gateway, options))) as LoadResult
  const { cpu, machine } = spent()
  const eventLoopDelay = yield* contender.eventLoopDelay
  const after = yield* readCounters
  const resident = residentOf(contender.pid)

  const answered = result.answers.count
  const done: RunResult = {
    scenario: scenario.name,
    contender: contender.name,
    objections: yield* judge(gateway, options, { books: books.captured, traced: tracedBefore }, result),
    load: result,
    cpuForEach: mapRoles((role) => (cpu[role] === undefined ? undefined : cpu[role] / answered)),
    statementsForEach: (after.statements - before.statements) / answered,
    walBytesForEach: (after.walBytes - before.walBytes) / answered,
    resident,
    eventLoopDelay,
    machine
  }
  return done
})

const jobOf = ({ brics }: Gateway, { contender, scenario, warmup, measure, ids }: RunOptions): LoadJob => ({
  url: contender.url,
  apiKey: contender.apiKey,
  requests: scenario.requests === "sale" ? { kind: "sale", brics } : { kind: "get", ids },
  arrivals: scenario.arrivals,
  warmup,
  measure,
  drain: 45_000
})

const judge = Effect.fnUntraced(function* (
  gateway: Gateway,
  { contender, scenario }: RunOptions,
  before: { readonly books: Sum; readonly traced: number },
  { answers }: LoadResult
) {
  if (scenario.requests === "get") return answers.count === 0 ? ["no payment was read"] : []
  const books = yield* settledBooks(contender)
  const ledger = yield* gateway.ledger(contender.terminal)
  return objections({
    gateway: ledger.captured,
    doubleCharges: ledger.doubleCharges,
    books: minus(books.captured, before.books),
    undecided: books.undecided,
    answers,
    traced: contender.traces && (yield* tracedSince(contender, before.traced))
  })
})

const tracedBy = ({ traces }: Contender): number => traces?.counted().sales ?? 0

/** Traces are exported a second after they were made; after three the first would be there. */
const tracedSince = Effect.fnUntraced(function* (contender: Contender, before: number) {
  for (let tries = 0; tracedBy(contender) === before && tries < 30; tries++) yield* Effect.sleep("100 millis")
  return tracedBy(contender) - before
})

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
