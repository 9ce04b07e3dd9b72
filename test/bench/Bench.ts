import { Effect } from "effect"
import { openAct, playAll, warmUp } from "./Act.ts"
import { type CommitCounts, countCommits } from "./CommitCounts.ts"
import { describeMachine } from "./Machine.ts"
import type { Options } from "./Options.ts"
import type { RunResult } from "./Run.ts"
import { type Report, scenarioReports, type TrialResults } from "./report/Report.ts"
import { measureStart } from "./trials/StartTimes.ts"
import { tryOut } from "./trials/Trials.ts"
import { openVenue, type Venue } from "./Venue.ts"

/** The whole benchmark. `say` hears of progress. Whatever it starts ends with it, interrupted or not. */
export const bench = Effect.fnUntraced(function* (options: Options, home: string, say: (line: string) => void) {
  const at = new Date().toISOString()
  const machine = describeMachine()
  const lateAt = performance.now() + options.patience
  const venue = yield* openVenue(home, say)
  const plain = yield* plainAct(venue, options, lateAt)
  const tls = yield* tlsAct(venue, options, lateAt)
  const isStartTried = options.programme.trials.includes("start to ready")
  const start = isStartTried ? yield* measureStart(venue, options.rounds) : undefined

  const runs = [...plain.runs, ...tls]
  const report: Report = {
    at,
    mode: options.mode,
    machine,
    postgres: venue.counters.settings,
    processes: options.processes,
    scenarios: scenarioReports(options, runs),
    commits: plain.commits,
    traces: venue.traces.counted(),
    trials: { ...plain.trials, start },
    runs
  }
  return report
}, Effect.scoped)

interface Played {
  readonly runs: ReadonlyArray<RunResult>
  readonly commits?: CommitCounts | undefined
  readonly trials?: TrialResults
}

const plainAct = Effect.fnUntraced(function* (venue: Venue, options: Options, lateAt: number) {
  const { counted, further, trials } = options.programme
  const tried = trials.filter((trial) => trial !== "start to ready")
  const nothing: Played = { runs: [] }
  if (counted.length + further.length + tried.length === 0) return nothing
  const act = yield* openAct(venue, options, false)
  const opening = Effect.flatMap(warmUp(act, options.mode), (earlier) =>
    playAll(act, counted, { ...options, lateAt, earlier })
  )
  const { runs, commits } =
    counted.length === 0 ? { runs: yield* opening, commits: undefined } : yield* countCommits(act, opening)
  const all = yield* playAll(act, further, { ...options, lateAt, earlier: runs })
  const found = yield* tryOut(act, tried, options)
  const played: Played = { runs: [...all, ...found.runs], commits, trials: found.results }
  return played
}, Effect.scoped)

const tlsAct = Effect.fnUntraced(function* (venue: Venue, options: Options, lateAt: number) {
  const { tls } = options.programme
  if (tls.length === 0) return []
  const act = yield* openAct(venue, options, true)
  return yield* playAll(act, tls, { ...options, lateAt, earlier: yield* warmUp(act, options.mode) })
}, Effect.scoped)
