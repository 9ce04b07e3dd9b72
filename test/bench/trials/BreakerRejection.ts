import { Effect } from "effect"
import { type Act, progress } from "../Act.ts"
import type { Contender } from "../Contenders.ts"
import { startGateway } from "../Gateway.ts"
import type { LoadJob } from "../load/Load.ts"
import type { LoadResult } from "../load/Tally.ts"
import { ChildFailed } from "../Process.ts"
import { type RunResult, run } from "../Run.ts"
import { atRate, type Scenario } from "../Scenario.ts"

const perSecond = 100

/** The breaker is open for thirty seconds; all rounds of both fit into them. */
const rounds = 3
const measure = 3_000

/** More failures than open it. */
const opening = 8

const scenario: Scenario = {
  name: "breaker rejection",
  gatewayMillis: 0,
  requests: "sale",
  arrivals: atRate(perSecond),
  expected: "refused"
}

/**
 * Nobody listens where the contenders look for the gateway. After some sales the service refuses further ones without
 * trying. What the baseline shows beside it is how soon it refuses a caller whom it does not know: also an answer to a
 * sale, also without a look into the database, and as quick as this machine gives one at that rate.
 */
export const measureBreakerRejection = Effect.fnUntraced(function* (act: Act) {
  const { counters, directory, load, say } = act.venue
  // Where nobody looks: it is here for its ledger, which must stay empty.
  const gateway = yield* startGateway({ port: 0, latencyMillis: 0 }, directory)
  const stage = { gateway, load, counters }
  const contenders = act.contenders.map(
    (contender): Contender => (contender.name === "baseline" ? { ...contender, apiKey: "sk_test_nobody" } : contender)
  )
  const services = contenders.filter(({ name }) => name !== "baseline")
  yield* Effect.forEach(services, (service) => openBreaker(stage.load, service, gateway.brics))
  const runs: Array<RunResult> = []
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const done = yield* run(stage, { scenario, contender, warmup: 500, measure, ids: [] })
      say(progress(done, round))
      runs.push(done)
    }
  }
  return runs
}, Effect.scoped)

const openBreaker = Effect.fnUntraced(function* (
  load: Act["venue"]["load"],
  { apiKey, url }: Contender,
  brics: ReadonlyArray<string>
) {
  const job: LoadJob = {
    url,
    apiKey,
    requests: { kind: "sale", brics },
    arrivals: { kind: "closed", inFlight: opening, total: opening },
    warmup: 0,
    measure: 1_000,
    drain: 30_000
  }
  const { answers } = (yield* load.ask(job)) as LoadResult
  if (answers.count > 0) return yield* new ChildFailed({ message: "Sales went through though the gateway is gone." })
})
