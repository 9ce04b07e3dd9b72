import { Clock, Context, Effect, Layer } from "effect"
import { AdmissionLimit } from "./AdmissionLimit.ts"

/**
 * Whether requests that move money are let in. While the process runs late, or what came before waits for too long, one
 * more would only make all of them wait longer: it is turned away at once, before anything has been done for it.
 */
export class Admission extends Context.Service<
  Admission,
  {
    /** Whether there is room for one more; who is let in must `leave`. */
    readonly enter: Effect.Effect<boolean>
    readonly leave: Effect.Effect<void>
    /** Whether there is none, for whoever only wants to know. */
    isFullUnsafe(): boolean
    /** Told by whoever has a queue: how long its longest waiting has waited, in milliseconds. */
    watch(age_ms: Effect.Effect<number>): Effect.Effect<void>
  }
>()("payment-service/http/Admission") {
  static readonly layer = Layer.effect(
    Admission,
    Effect.gen(function* () {
      const limit = new AdmissionLimit()
      let age_ms = Effect.succeed(0)
      const look = Effect.gen(function* () {
        const [slept_ms, age] = yield* Effect.all([sleep, Effect.suspend(() => age_ms)])
        limit.look(Math.max(slept_ms - interval_ms, age))
      })
      yield* Effect.forkScoped(Effect.forever(look))
      return Admission.of({
        enter: Effect.sync(() => limit.enter()),
        leave: Effect.sync(() => limit.leave()),
        isFullUnsafe: () => limit.isFull,
        watch: (age) =>
          Effect.sync(() => {
            age_ms = age
          })
      })
    })
  )
}

const interval_ms = 25

/** How long a sleep took, in milliseconds: longer than it should where the event loop is busy. */
const sleep = Effect.gen(function* () {
  const start = yield* Clock.monotonicTimeNanos
  yield* Effect.sleep(interval_ms)
  return Number((yield* Clock.monotonicTimeNanos) - start) / 1_000_000
})
