import { Cache, Duration, Effect, Exit, Metric, MutableHashMap, Option, Semaphore } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { cacheRequests, cacheSize } from "../telemetry/Metrics.ts"

const keptFor = Duration.seconds(60)
const capacity = 10_000
// Keys made up in the right form miss every time: they may keep this many connections busy, but not the whole pool.
const lookUpsAtOnce = 8

const cache = "api_keys"
const hits = Metric.withAttributes(cacheRequests, { cache, result: "hit" })
const misses = Metric.withAttributes(cacheRequests, { cache, result: "miss" })

/** Keeps what `lookUp` found for a minute, asks once for many callers, and never keeps a miss or a failure. */
export const makeKeyCache = Effect.fnUntraced(function* <A>(
  lookUp: (hash: Uint8Array) => Effect.Effect<Option.Option<A>, DatabaseUnavailable>
) {
  const lookUps = yield* Semaphore.make(lookUpsAtOnce)
  const kept = yield* Cache.makeWith(
    (hash: string) => Semaphore.withPermits(lookUps, 1)(lookUp(Buffer.from(hash, "hex"))),
    {
      capacity,
      timeToLive: (exit) => (Exit.isSuccess(exit) && Option.isSome(exit.value) ? keptFor : Duration.zero)
    }
  )
  yield* gauge(Metric.withAttributes(cacheSize, { cache }), () => MutableHashMap.size(kept.map))

  const get = (hash: Buffer) => {
    const key = hash.toString("hex")
    return Effect.flatMap(Cache.getSuccess(kept, key), (known) =>
      Option.isSome(known)
        ? Effect.as(Metric.update(hits, 1), known.value)
        : Effect.andThen(Metric.update(misses, 1), Cache.get(kept, key))
    )
  }

  return { get, forgetAll: Cache.invalidateAll(kept) }
})
