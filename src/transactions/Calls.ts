import { Clock, Context, Duration, Effect, type Fiber, Layer, Result, Schedule } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { Environment } from "../domain/Terminal.ts"
import type { Lane } from "../epx/Bulkhead.ts"
import { Epx } from "../epx/Epx.ts"
import { earlier, type Fence, makeFence } from "../epx/Fence.ts"
import type { EpxRequest } from "../epx/Request.ts"
import type { EpxResult } from "../epx/Result.ts"
import { makeFibers } from "../running/Fibers.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { callsInFlight } from "../telemetry/Metrics.ts"
import { AtBoundary, type Boundary, type Passage } from "./Boundary.ts"
import { drain, fence as fenceLength } from "./Deadlines.ts"

/** One intended call to EPX, from its record to what became of it. */
export interface Call<Claimed, A, E> extends Omit<Passage, "boundary"> {
  /** Commits the record of the call, with everything needed to find it again; or says why there is nothing to send. */
  readonly claim: Effect.Effect<Result.Result<Claimed, A>, E>
  readonly request: (claimed: Claimed) => EpxRequest
  /** The resolver's own connections, past breaker and bulkhead; `charges` when absent. */
  readonly lane?: Lane | undefined
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
    /** EPX has not answered lately, so that a call would be refused before it is sent: none need be recorded. */
    isOpen(environment: Environment): Effect.Effect<boolean>
  }
>()("payment-service/transactions/Calls") {
  static readonly layer = Layer.effect(
    Calls,
    Effect.gen(function* () {
      const epx = yield* Epx
      const atBoundary = yield* AtBoundary
      const fibers = yield* makeFibers
      const size = { current: 0 }
      yield* gauge(callsInFlight, () => size.current)
      yield* Effect.addFinalizer(() =>
        fibers.awaitEmpty.pipe(
          Effect.timeoutOrElse({ duration: drain, orElse: () => Effect.logWarning("Calls to EPX outlived the drain") })
        )
      )

      const run = <Claimed, A, E>(call: Call<Claimed, A, E>): Effect.Effect<A, E | DatabaseUnavailable> => {
        const at = (boundary: Boundary) => atBoundary({ boundary, type: call.type, about: call.about })

        const send = (record: Claimed, fence: Fence) => {
          const early_ms = Math.max(0, fence_ms - (call.within_ms?.(record) ?? fence_ms))
          const request = call.request(record)
          return Effect.uninterruptibleMask((restore) =>
            restore(epx.send(request, earlier(fence, early_ms), call.lane, at("sent"))).pipe(
              Effect.tap(at("answered")),
              Effect.flatMap((result) => stored(call.settle(record, result), restore, { request, result })),
              Effect.tap(at("settled"))
            )
          )
        }

        // Made before the claim, so that whatever the database's clock says, this fence falls first.
        const fence = Effect.flatMap(Clock.currentTimeMillis, (now) => makeFence(now + fence_ms))
        return Effect.flatMap(fence, (fence) =>
          Effect.flatMap(Effect.andThen(at("before_claim"), call.claim), (claimed) =>
            Result.isFailure(claimed)
              ? Effect.succeed(claimed.failure)
              : Effect.andThen(
                  at("claimed"),
                  Effect.suspend(() => send(claimed.success, fence))
                )
          )
        )
      }

      return Calls.of({
        isOpen: epx.isOpen,
        begin: (call) => {
          const counted = Effect.suspend(() => {
            size.current++
            return Effect.ensuring(
              run(call),
              Effect.sync(() => size.current--)
            )
          })
          return fibers.run(counted)
        }
      })
    })
  )
}

const fence_ms = Duration.toMillis(fenceLength)

/** Each attempt to store a result runs to its end; only the waits between give way when shutdown can wait no longer. */
const stored = <A, E>(
  settle: Effect.Effect<A, E>,
  restore: <B, F>(wait: Effect.Effect<B, F>) => Effect.Effect<B, F>,
  { request, result }: { readonly request: EpxRequest; readonly result: EpxResult }
) =>
  Effect.catch(settle, () => restore(Effect.retry(Effect.uninterruptible(settle), settleRetry))).pipe(
    Effect.onError((cause) =>
      Effect.logError("A result of EPX could not be stored", cause).pipe(
        Effect.annotateLogs({
          transaction_id: request.transactionId,
          payment_id: request.paymentId,
          result: result._tag === "Replied" ? result.outcome : result.reason,
          response_code: "answer" in result ? (result.answer?.responseCode ?? null) : null
        })
      )
    )
  )

/** Long after the lease: a late result is still taken, unless the resolver has begun to undo the call. */
const settleRetry = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "10 minutes" })
)
