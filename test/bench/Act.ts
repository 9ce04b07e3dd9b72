import { Effect } from "effect"
import { freePorts } from "../support/Ports.ts"
import { type Contender, type ContenderName, startContender } from "./Contenders.ts"
import { startGateway } from "./Gateway.ts"
import type { LatencySummary } from "./load/Histogram.ts"
import type { Options } from "./Options.ts"
import { type RunResult, run } from "./Run.ts"
import { closedSales, type Scenario } from "./Scenario.ts"
import type { Venue } from "./Venue.ts"

/** Contenders with databases of their own, and the port on which they look for the gateway. */
export interface Act {
  readonly venue: Venue
  readonly contenders: ReadonlyArray<Contender>
  readonly gatewayPort: number
  readonly isTls: boolean
}

export const openAct = Effect.fnUntraced(function* (
  venue: Venue,
  { contenders: names, processes }: Pick<Options, "contenders" | "processes">,
  isTls: boolean
) {
  venue.say(`Starting the contenders${isTls ? " again, with a gateway that speaks TLS" : ""}`)
  const { authority, createDatabase, directory, traces } = venue
  const [gatewayPort = 0] = yield* freePorts(1)
  const gatewayUrl = `${isTls ? "https" : "http"}://127.0.0.1:${gatewayPort}`
  const contenders = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name: ContenderName) {
      const database = yield* createDatabase(isTls ? `${name}_tls` : name)
      return yield* startContender(name, { database, gatewayUrl, authority, traces, processes, directory })
    })
  )
  const act: Act = { venue, contenders, gatewayPort, isTls }
  return act
})

/**
 * What is compiled at first use and connected at first need is not what anybody wants to know. A slow machine goes on
 * until each contender has answered as often as a fast one, for three times as long at most.
 */
export const warmUp = Effect.fnUntraced(function* (act: Act, mode: Options["mode"]) {
  const scenario = { ...closedSales(0, 64, act.isTls), name: act.isTls ? "warm-up, TLS" : "warm-up" }
  const { answers, measure } = warmUpOf[mode]
  const runs: Array<RunResult> = []
  const answeredBy = ({ name }: Contender) =>
    runs.reduce((sum, { contender, load }) => sum + (contender === name ? load.answers.count : 0), 0)
  const isCold = () => act.contenders.some((contender) => answeredBy(contender) < answers)
  for (let round = 1; round <= 3 && isCold(); round++) {
    runs.push(...(yield* playScenario(act, { scenario, rounds: 1, measure, earlier: [] })))
  }
  return runs
})

export interface Play {
  readonly scenario: Scenario
  readonly rounds: number
  /** Milliseconds. */
  readonly measure: number
  /** Where the payments come from that are read. */
  readonly earlier: ReadonlyArray<RunResult>
  /** When, on the clock of `performance.now()`, further rounds are left out. */
  readonly lateAt?: number
}

/** The contenders take turns, so that a machine that grows slower is slower for all of them. */
export const playScenario = Effect.fnUntraced(function* (act: Act, play: Play) {
  const { scenario, rounds, measure, earlier, lateAt = Number.POSITIVE_INFINITY } = play
  const { venue } = act
  const gateway = yield* gatewayOf(act, scenario)
  const stage = { gateway, load: venue.load, counters: venue.counters }
  const runs: Array<RunResult> = []
  for (let round = 1; round <= rounds && (round === 1 || performance.now() < lateAt); round++) {
    for (const contender of act.contenders) {
      const ids = earlier.findLast((done) => done.contender === contender.name)?.load.ids ?? []
      const done = yield* run(stage, { scenario, contender, warmup: 500, measure, ids })
      venue.say(progress(done, round))
      runs.push(done)
    }
  }
  return runs
}, Effect.scoped)

/** One after the other. Returns the earlier runs as well. */
export const playAll = Effect.fnUntraced(function* (
  act: Act,
  scenarios: ReadonlyArray<Scenario>,
  play: Omit<Play, "scenario">
) {
  const runs = [...play.earlier]
  for (const scenario of scenarios) runs.push(...(yield* playScenario(act, { ...play, scenario, earlier: runs })))
  return runs
})

/** The gateway of one scenario, where the contenders look for it. */
export const gatewayOf = ({ gatewayPort, isTls, venue }: Act, { gatewayMillis }: Pick<Scenario, "gatewayMillis">) =>
  startGateway({ port: gatewayPort, latencyMillis: gatewayMillis, isTls }, venue.directory)

export const progress = ({ scenario, contender, load, objections }: RunResult, round: number): string => {
  const { errors, latency, rate, refusals } = load
  const times = ({ p50, p99 }: LatencySummary) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
  return [
    `${scenario}, round ${round}, ${contender}: ${rate.toFixed(0)}/s`,
    ...(load.answers.count > 0 ? [times(latency)] : []),
    ...Object.entries(errors).map(([kind, count]) => `${count} × ${kind}`),
    ...(refusals.count > 0 ? [`refusals ${times(refusals.latency)}`] : []),
    ...(objections.length === 0 ? [] : [`VOID: ${objections.join("; ")}`])
  ].join(", ")
}

/** Answers after which V8 has made most of what is run often into machine code, and milliseconds until it is looked. */
const warmUpOf = { quick: { answers: 1, measure: 5_000 }, full: { answers: 12_000, measure: 15_000 } }
