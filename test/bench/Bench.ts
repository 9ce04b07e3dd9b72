import { Effect } from "effect"
import { type Child, startChild } from "./Child.ts"
import { type Contender, startContender } from "./Contenders.ts"
import { type CounterReader, commitLag, openCounters } from "./Counters.ts"
import { freePort } from "./FreePort.ts"
import { startGateway } from "./Gateway.ts"
import { describeMachine } from "./Machine.ts"
import type { ContenderName, Options, Scenario } from "./Options.ts"
import { type RunResult, run } from "./Run.ts"
import { type Report, scenarioReports } from "./report/Report.ts"
import { startPostgres } from "./Server.ts"
import { startTraceSink, type TraceSink } from "./TraceSink.ts"
import { openWorkspace } from "./Workspace.ts"

/** What stays the same through all scenarios. */
interface Cast {
  readonly contenders: ReadonlyArray<Contender>
  readonly counters: CounterReader
  readonly load: Child
  readonly traces: TraceSink
  readonly gatewayPort: number
  readonly directory: string
  /** When, on the clock of `performance.now()`, further rounds are left out. */
  readonly lateAt: number
  readonly say: (line: string) => void
}

/** The whole benchmark. `say` hears of progress. Whatever it starts ends with it, interrupted or not. */
export const bench = Effect.fnUntraced(function* (options: Options, home: string, say: (line: string) => void) {
  const at = new Date().toISOString()
  const machine = describeMachine()
  const cast = yield* assemble(options, home, say)

  const commitsBefore = yield* commitsOf(cast)
  const warmups = yield* warmUp(cast)
  const sales = yield* play(cast, options, "sale", [...warmups])
  const payments = [...warmups, ...sales]
  say("Waiting for Postgres to report its commits")
  yield* Effect.sleep(commitLag)
  const commitsAfter = yield* commitsOf(cast)
  const reads = yield* play(cast, options, "get", payments)

  const runs = [...sales, ...reads]
  const report: Report = {
    at,
    mode: options.mode,
    machine,
    postgres: cast.counters.settings,
    scenarios: scenarioReports(options, runs),
    commitsForEach: Object.fromEntries(
      options.contenders.map((name) => [name, (commitsAfter(name) - commitsBefore(name)) / answersOf(name, payments)])
    ),
    traces: { ...cast.traces.counted(), made: answersOf("service", payments) },
    runs: [...warmups, ...runs]
  }
  return report
}, Effect.scoped)

const assemble = Effect.fnUntraced(function* (options: Options, home: string, say: (line: string) => void) {
  const lateAt = performance.now() + options.patience
  const directory = yield* openWorkspace(home)
  say("Starting Postgres, the load generator and the contenders")
  const postgres = yield* startPostgres(directory)
  const counters = yield* Effect.acquireRelease(
    Effect.promise(() => openCounters(postgres.maintenance)),
    ({ close }) => Effect.promise(close)
  )
  const load = yield* startChild({ name: "load", module: "./load/Load.ts", env: { NODE_ENV: "production" }, directory })
  const traces = yield* startTraceSink
  const gatewayPort = yield* Effect.promise(freePort)
  const contenders = yield* Effect.forEach(
    options.contenders,
    Effect.fnUntraced(function* (name) {
      const database = yield* postgres.createDatabase(name)
      const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
      return yield* startContender(name, { database, gatewayUrl, traces, directory })
    })
  )
  const cast: Cast = { contenders, counters, load, traces, gatewayPort, directory, lateAt, say }
  return cast
})

const warmUp = (cast: Cast) =>
  playScenario(cast, {
    scenario: { name: "warm-up", gatewayMillis: 0, requests: "sale", arrivals: { kind: "closed", inFlight: 64 } },
    rounds: 1,
    measure: 5_000,
    earlier: []
  })

const play = Effect.fnUntraced(function* (
  cast: Cast,
  { scenarios, rounds, measure }: Options,
  requests: Scenario["requests"],
  earlier: ReadonlyArray<RunResult>
) {
  const runs: Array<RunResult> = []
  for (const scenario of scenarios.filter((one) => one.requests === requests)) {
    runs.push(...(yield* playScenario(cast, { scenario, rounds, measure, earlier: [...earlier, ...runs] })))
  }
  return runs
})

interface Play {
  readonly scenario: Scenario
  readonly rounds: number
  readonly measure: number
  readonly earlier: ReadonlyArray<RunResult>
}

/** The contenders take turns, so that a machine that grows slower is slower for all of them. */
const playScenario = Effect.fnUntraced(function* (cast: Cast, { scenario, rounds, measure, earlier }: Play) {
  const settings = { port: cast.gatewayPort, latencyMillis: scenario.gatewayMillis }
  const gateway = yield* startGateway(settings, cast.directory)
  const stage = { gateway, load: cast.load, counters: cast.counters }
  const runs: Array<RunResult> = []
  for (let round = 1; round <= rounds && (round === 1 || performance.now() < cast.lateAt); round++) {
    for (const contender of cast.contenders) {
      const ids = earlier.findLast((done) => done.contender === contender.name)?.load.ids ?? []
      const done = yield* run(stage, { scenario, contender, warmup: 500, measure, ids })
      cast.say(progress(done, round))
      runs.push(done)
    }
  }
  return runs
}, Effect.scoped)

const progress = ({ scenario, contender, load, objections }: RunResult, round: number): string => {
  const errors = Object.entries(load.errors).map(([kind, count]) => `, ${count} × ${kind}`)
  const verdict = objections.length === 0 ? "" : `, VOID: ${objections.join("; ")}`
  return `${scenario}, round ${round}, ${contender}: ${load.rate.toFixed(0)}/s, p50 ${load.latency.p50.toFixed(1)} ms, p99 ${load.latency.p99.toFixed(1)} ms${errors.join("")}${verdict}`
}

const commitsOf = Effect.fnUntraced(function* ({ contenders, counters }: Cast) {
  const commits = new Map<ContenderName, number>()
  for (const { name, database } of contenders) {
    commits.set(name, yield* Effect.promise(() => counters.commits(database.database)))
  }
  return (name: ContenderName): number => commits.get(name) ?? Number.NaN
})

const answersOf = (name: ContenderName, runs: ReadonlyArray<RunResult>): number =>
  runs.reduce((sum, { contender, load }) => sum + (contender === name ? load.answers.count : 0), 0)
