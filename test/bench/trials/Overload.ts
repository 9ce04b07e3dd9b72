import { Effect } from "effect"
import { type Act, gatewayOf, progress } from "../Act.ts"
import type { Contender } from "../Contenders.ts"
import { type RunResult, run } from "../Run.ts"
import { closedSales, type Scenario } from "../Scenario.ts"

const gatewayMillis = 40
const factor = 3

export interface OverloadOptions {
  readonly rounds: number
  /** Milliseconds. */
  readonly measure: number
  /** Requests that are under way when nothing more can be had from it. */
  readonly inFlight: number
}

/** One round: what the service gives when it is asked for as much as it can, and for three times as much. */
export interface OverloadRound {
  readonly knee: RunResult
  /** Sales a second. */
  readonly asked: number
  readonly overload: RunResult
}

/** Good answers under overload, as a share of what it gives at its knee. */
export const goodput = ({ knee, overload }: OverloadRound): number =>
  knee.objections.length + overload.objections.length === 0 ? overload.load.rate / knee.load.rate : Number.NaN

/** Of what was asked for, that which was neither served nor refused. */
export const failures = ({ overload: { load } }: OverloadRound): number =>
  Object.values(load.errors).reduce((a, b) => a + b, 0) - load.refusals.count

/** Each round has a knee of its own, so that a machine that grows slower is slower for both. */
export const measureOverload = Effect.fnUntraced(function* (act: Act, service: Contender, options: OverloadOptions) {
  const { rounds, measure, inFlight } = options
  const { counters, load, say } = act.venue
  const stage = { gateway: yield* gatewayOf(act, { gatewayMillis }), load, counters }
  const play = Effect.fnUntraced(function* (scenario: Scenario, round: number, warmup: number) {
    const done = yield* run(stage, { scenario, contender: service, warmup, measure, ids: [] })
    say(progress(done, round))
    return done
  })
  const kneeScenario = { ...closedSales(gatewayMillis, inFlight, act.isTls), name: "overload: knee" }
  const found: Array<OverloadRound> = []
  for (let round = 1; round <= rounds; round++) {
    const knee = yield* play(kneeScenario, round, 500)
    const asked = Math.round(factor * knee.load.rate)
    found.push({ knee, asked, overload: yield* play(beyond(asked, act.isTls), round, connecting) })
  }
  return found
}, Effect.scoped)

/**
 * Twice of what the service always lets in, some more for what it refuses, and as many connections. They are there
 * before anything is measured, as those of merchants are: Node takes one in each turn of its event loop, and how fast
 * it does is not the question here.
 */
const maxInFlight = 600
const connecting = 20_000

const beyond = (perSecond: number, isTls: boolean): Scenario => ({
  name: "overload: three times the knee",
  gatewayMillis,
  isTls,
  requests: "sale",
  arrivals: { kind: "open", perSecond, maxInFlight },
  expected: "either"
})
