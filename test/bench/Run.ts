import { Effect } from "effect"
import type { Child } from "./Child.ts"
import { type Contender, type ContenderName, processesOf } from "./Contenders.ts"
import { type Costs, type CpuTimes, mapRoles, startCosts, sum } from "./Costs.ts"
import type { CounterReader } from "./Counters.ts"
import type { Gateway } from "./Gateway.ts"
import type { LoadJob } from "./load/Load.ts"
import type { LoadResult } from "./load/Tally.ts"
import { residentOf } from "./Machine.ts"
import type { EventLoopDelay } from "./Probe.ts"
import type { Scenario } from "./Scenario.ts"
import { before, objectionsTo } from "./Verdict.ts"

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
  readonly requests: Scenario["requests"]
  readonly contender: ContenderName
  /** Why it is void; nothing when it is valid. */
  readonly objections: ReadonlyArray<string>
  readonly load: LoadResult
  /** Milliseconds of processor time for each. */
  readonly cpuForEach: CpuTimes
  readonly statementsForEach: number
  /** Of the whole server. */
  readonly walBytesForEach: number
  /** Megabytes of the contender at the end of the load, several processes together; undefined where the system does not tell. */
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
  const witnessed = yield* before(contender)
  const countedBefore = yield* readCounters
  const processes = processesOf(contender)
  const delays = Effect.forEach(processes, ({ eventLoopDelay }) => eventLoopDelay)
  yield* delays
  const spent = startCosts({
    contender: processes.map(({ pid }) => pid),
    postgres: counters.postmaster === undefined ? [] : [counters.postmaster],
    simulator: [gateway.pid],
    load: [load.pid]
  })
  const result = (yield* load.ask(jobOf(gateway, options))) as LoadResult
  const { cpu, machine } = spent()
  const eventLoopDelay = worst(yield* delays)
  const counted = yield* readCounters
  const resident = sum(processes.map(({ pid }) => residentOf(pid)))

  const answered = result.answers.count
  const done: RunResult = {
    scenario: scenario.name,
    requests: scenario.requests,
    contender: contender.name,
    objections: yield* objectionsTo(scenario, contender, gateway, witnessed, result),
    load: result,
    cpuForEach: mapRoles((role) => (cpu[role] === undefined ? undefined : cpu[role] / answered)),
    statementsForEach: (counted.statements - countedBefore.statements) / answered,
    walBytesForEach: (counted.walBytes - countedBefore.walBytes) / answered,
    resident,
    eventLoopDelay,
    machine
  }
  return done
})

const worst = (delays: ReadonlyArray<EventLoopDelay>): EventLoopDelay => ({
  p50: Math.max(...delays.map(({ p50 }) => p50)),
  p99: Math.max(...delays.map(({ p99 }) => p99)),
  max: Math.max(...delays.map(({ max }) => max))
})

const jobOf = ({ brics }: Gateway, { contender, scenario, warmup, measure, ids }: RunOptions): LoadJob => ({
  url: contender.url,
  moreUrls: (contender.peers ?? []).map(({ url }) => url),
  apiKey: contender.apiKey,
  requests: scenario.requests === "sale" ? { kind: "sale", brics } : { kind: "get", ids },
  arrivals: scenario.arrivals,
  warmup,
  measure,
  drain: 45_000
})
