import { Effect } from "effect"
import type { Act } from "../Act.ts"
import type { Options } from "../Options.ts"
import type { Trial } from "../Programme.ts"
import type { TrialResults } from "../report/Report.ts"
import { measureBreakerRejection } from "./BreakerRejection.ts"
import { measureHeapGrowth } from "./HeapGrowth.ts"
import { measureOverload } from "./Overload.ts"

/** The trials of contenders that are warm. The last of them leaves them without a gateway. */
export const tryOut = Effect.fnUntraced(function* (act: Act, trials: ReadonlyArray<Trial>, options: Options) {
  const service = act.contenders.find(({ name }) => name === "service")
  const heap = trials.includes("heap growth") ? yield* measureHeapGrowth(act) : undefined
  const overload =
    trials.includes("overload") && service !== undefined
      ? yield* measureOverload(act, service, { ...options, rounds: Math.min(options.rounds, 3), inFlight: 128 })
      : undefined
  const breaker =
    trials.includes("breaker rejection") && service !== undefined ? yield* measureBreakerRejection(act) : undefined
  const results: TrialResults = { heapGrowth: heap?.growths, overload, breakerRejection: breaker }
  const runs = [
    ...(heap?.runs ?? []),
    ...(overload ?? []).flatMap(({ knee, overload }) => [knee, overload]),
    ...(breaker ?? [])
  ]
  return { runs, results }
})
