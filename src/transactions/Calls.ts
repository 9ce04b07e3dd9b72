import { Clock, Context, Duration, Effect, type Fiber, FiberSet, Layer, Result, Schedule } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Epx } from "../epx/Epx.ts"
import type { EpxRequest } from "../epx/Request.ts"
import type { EpxResult } from "../epx/Result.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { callsInFlight } from "../telemetry/Metrics.ts"
import { drain, fence } from "./Deadlines.ts"

/** One intended call to EPX, from its record to what became of it. */
export interface Call<Claimed, A, E> {
  /** Commits the record of the call, with everything needed to find it again; or says why there is nothing to send. */
  readonly claim: Effect.Effect<Result.Result<Claimed, A>, E>
  readonly request: (claimed: Claimed) => EpxRequest
  /** Milliseconds from the claim in which the first byte must leave, where that is less than the fence. */
  readonly within_ms?: (claimed: Claimed) => number
  /** Commits the result. It is tried again while the database is away, so it must be safe to repeat. */
  readonly settle: (claimed: Claimed, result: EpxResult) => Effect.Effect<A, DatabaseUnavailable>
}

/** The only way to EPX: nothing is sent that is not on record, and nothing that was sent is forgotten. */
export class Calls extends Context.Service<
  Calls,
  {
    /**
     * Begins the call in a fiber of the application. Whoever began it may go away: the call goes on, and shutdown waits
     * for it.
     */
    begin<Claimed, A, E>(call: Call<Claimed, A, E>): Effect.Effect<Fiber.Fiber<A, E | DatabaseUnavailable>>
  }
>()("payment-service/transactions/Calls") {
  static readonly layer = Layer.effect(
    Calls,
    Effect.gen(function* () {
      const epx = yield* Epx
      const fibers = yield* FiberSet.make<unknown, unknown>()
      const size = { current: 0 }
      yield* gauge(callsInFlight, () => size.current)
      yield* Effect.addFinalizer(() =>
        FiberSet.awaitEmpty(fibers).pipe(
          Effect.timeoutOrElse({ duration: drain, orElse: () => Effect.logWarning("Calls to EPX outlived the drain") })
        )
      )

      const run = Effect.fnUntraced(function* <Claimed, A, E>(
        call: Call<Claimed, A, E>
      ): Effect.fn.Return<A, E | DatabaseUnavailable> {
        // Read before the claim, so that whatever the database's clock says, the fence here falls first.
        const start = yield* Clock.currentTimeMillis
        const claimed = yield* call.claim
        if (Result.isFailure(claimed)) return claimed.failure
        const record = claimed.success
        const sendBy = start + Math.min(Duration.toMillis(fence), call.within_ms?.(record) ?? Number.POSITIVE_INFINITY)
        return yield* Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(epx.send(call.request(record), { sendBy })), (result) =>
            Effect.retry(call.settle(record, result), settleRetry)
          )
        )
      })

      return Calls.of({
        begin: (call) => {
          const counted = Effect.suspend(() => {
            size.current++
            return Effect.ensuring(
              run(call),
              Effect.sync(() => size.current--)
            )
          })
          return FiberSet.run(fibers, counted)
        }
      })
    })
  )
}

/** Until the lease has run out and the resolver undoes the call anyway. */
const settleRetry = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "30 seconds" })
)
