import { Effect } from "effect"
import { type Act, gatewayOf, progress } from "../Act.ts"
import type { ContenderName } from "../Contenders.ts"
import { type RunResult, run } from "../Run.ts"
import { closedSales } from "../Scenario.ts"

/** Megabytes in use after a full collection of garbage, before the sales and after them. */
export interface HeapGrowth {
  readonly contender: ContenderName
  readonly sales: number
  readonly before: number
  readonly after: number
}

const total = 10_000

/** What is exported, pooled or remembered for a moment only is let go of by then. */
const rest = "3 seconds"

/** Each contender sells so many times and is looked into before and after. They must be warm. */
export const measureHeapGrowth = Effect.fnUntraced(function* (act: Act) {
  const { contenders, venue } = act
  const closed = closedSales(0, 64, act.isTls)
  const scenario = { ...closed, name: "heap growth", arrivals: { ...closed.arrivals, total } }
  const stage = { gateway: yield* gatewayOf(act, scenario), load: venue.load, counters: venue.counters }
  const runs: Array<RunResult> = []
  const growths: Array<HeapGrowth> = []
  for (const contender of contenders) {
    yield* Effect.sleep(rest)
    const before = yield* contender.probe
    const done = yield* run(stage, { scenario, contender, warmup: 0, measure: 120_000, ids: [] })
    yield* Effect.sleep(rest)
    const after = yield* contender.probe
    venue.say(progress(done, 1))
    runs.push(done)
    const sales = done.load.answers.count
    growths.push({ contender: contender.name, sales, before: before.heap, after: after.heap })
  }
  return { runs, growths }
}, Effect.scoped)
