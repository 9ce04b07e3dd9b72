import { Cache, Duration, Effect, Exit, Metric, MutableHashMap, Option, Schedule, type Scope, Semaphore } from "effect"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { Listening } from "../postgres/Notices.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { cacheFlushes, cacheRequests, cacheSize } from "../telemetry/Metrics.ts"

const keptFor = Duration.seconds(60)
const capacity = 10_000
// Keys made up in the right form miss every time: they may keep this many connections busy, but not the whole pool.
const lookUpsAtOnce = 8

/** For a turn, as for a connection. */
const patience = Duration.seconds(2)

// Over a connection that was cut while Postgres is there all the same: to look again harms nobody.
const again = Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))
const isPassing = ({ reason }: DatabaseUnavailable) => reason === "connection"

const cache = "api_keys"
const hits = cacheRequests({ cache, result: "hit" })
const misses = cacheRequests({ cache, result: "miss" })
const flushes = cacheFlushes({ cache })

/**
 * Keeps what `lookUp` found for a minute, asks once for many callers, and never keeps a miss or a failure. `watch`
 * calls back when something has changed; what was found is believed as long as it would.
 */
export const makeKeyCache = Effect.fnUntraced(function* <A>(
  lookUp: (hash: string) => Effect.Effect<Option.Option<A>, DatabaseUnavailable>,
  watch: (onChange: Effect.Effect<void>) => Effect.Effect<Listening, never, Scope.Scope>
) {
  const lookUps = yield* Semaphore.make(lookUpsAtOnce)
  const context = yield* Effect.context<never>()
  let isCurrent = () => false
  const kept = yield* Cache.makeWith(
    (hash: string) =>
      Semaphore.takeScoped(lookUps, 1).pipe(
        Effect.timeoutOrElse({ duration: patience, orElse: () => new DatabaseUnavailable({ reason: "checkout" }) }),
        Effect.andThen(Effect.retry(lookUp(hash), { schedule: again, while: isPassing })),
        Effect.scoped
      ),
    {
      capacity,
      timeToLive: (exit) => (isCurrent() && Exit.isSuccess(exit) && Option.isSome(exit.value) ? keptFor : Duration.zero)
    }
  )
  yield* gauge(Metric.withAttributes(cacheSize, { cache }), () => MutableHashMap.size(kept.map))

  const get = (hash: string) => {
    const ask = () => Effect.andThen(Metric.update(misses, 1), Cache.get(kept, hash))
    return Effect.flatMap(Cache.getSuccess(kept, hash), (known) => {
      if (Option.isNone(known)) return ask()
      if (!isCurrent()) return Effect.andThen(Cache.invalidate(kept, hash), ask())
      hits.updateUnsafe(1, context)
      return Effect.succeed(known.value)
    })
  }

  const forgetAll = Effect.andThen(Cache.invalidateAll(kept), Metric.update(flushes, 1))
  isCurrent = (yield* watch(forgetAll)).isCurrent
  return { get, forgetAll }
})
