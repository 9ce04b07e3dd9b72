import { Clock, Context, Effect, Layer, Metric, Result, Schedule, Schema } from "effect"
import { continued } from "../domain/Attempts.ts"
import type { Environment } from "../domain/Terminal.ts"
import { epxAttemptDuration, epxResults } from "../telemetry/Metrics.ts"
import { traced } from "../telemetry/Traced.ts"
import { AnswerDocument } from "./AnswerFields.ts"
import { answerText } from "./AnswerText.ts"
import { breakerStore, makeBreaker, noBreaker } from "./Breaker.ts"
import type { Lane } from "./Bulkhead.ts"
import { decide } from "./Decision.ts"
import type { Ending } from "./Exchange.ts"
import type { Fence } from "./Fence.ts"
import { fieldsOf } from "./Fields.ts"
import { Form } from "./Form.ts"
import { callLimits, tranTypeOf } from "./Operation.ts"
import type { PlainUrl } from "./Places.ts"
import type { EpxRequest } from "./Request.ts"
import type { EpxResult } from "./Result.ts"
import { type Post, Wire, type WireOptions } from "./Wire.ts"

export interface EpxOptions extends WireOptions {
  /** Without it, charges are sent even while EPX does not answer. True by default. */
  readonly hasBreaker?: boolean | undefined
}

/** The card processor, EPX Server Post. */
export class Epx extends Context.Service<
  Epx,
  {
    /**
     * Makes one call, whose first byte leaves before the fence falls or never. It always succeeds with
     * what is known of the outcome; only failures to connect are tried again, with the same pair and before the fence.
     * The resolver's calls are never turned away: neither by other calls nor because EPX did not answer those.
     * `onSent` runs once the first byte has left, before the answer is read.
     */
    send(request: EpxRequest, fence: Fence, lane?: Lane, onSent?: Effect.Effect<void>): Effect.Effect<EpxResult>
    /** Whether a charge sent now would be refused because EPX does not answer. */
    isOpen(environment: Environment): Effect.Effect<boolean>
  }
>()("payment-service/epx/Epx") {
  static readonly layerWire = ({
    hasBreaker = true
  }: Pick<EpxOptions, "hasBreaker"> = {}): Layer.Layer<Epx, never, Wire> =>
    Layer.effect(
      Epx,
      Effect.gen(function* () {
        const wire = yield* Wire
        const { guard, isOpen } = hasBreaker ? yield* makeBreaker : noBreaker

        const attempt = (request: EpxRequest, post: Omit<Post, "environment" | "limit_ms">) =>
          Clock.clockWith((clock) => {
            const start = clock.monotonicTimeNanosUnsafe()
            const { environment, operation } = request
            return Effect.flatMap(wire.post({ ...post, environment, limit_ms: callLimits[operation] }), (ending) => {
              const result = resultOf(request, ending)
              const seconds = Number(clock.monotonicTimeNanosUnsafe() - start) / 1e9
              return Effect.as(
                Metric.update(epxAttemptDuration({ operation, outcome: outcomeOf(result) }), seconds),
                result
              )
            })
          })

        const call = (request: EpxRequest, fence: Fence, lane: Lane, onSent: Effect.Effect<void> | undefined) =>
          Effect.suspend(() => {
            const post = { body: encodeForm(fieldsOf(request)), fence, lane, onSent }
            return Effect.flatMap(attempt(request, post), (first) =>
              isUnconnected(first) ? reconnected(first, attempt(request, post)) : Effect.succeed(first)
            )
          })

        const send = (request: EpxRequest, fence: Fence, lane: Lane = "charges", onSent?: Effect.Effect<void>) => {
          const { environment, operation, transactionId } = request
          const isResolver = lane === "resolver" || operation === "timeout_reversal"
          const made = isResolver
            ? call(request, fence, "resolver", onSent)
            : guard(environment, call(request, fence, lane, onSent))
          return made.pipe(
            Effect.tap((result) => report(request, result)),
            traced(`Epx.${operation}`, {
              kind: "client",
              attributes: { "transaction.id": transactionId, "epx.tran_type": tranTypeOf(request) }
            })
          )
        }

        return Epx.of({ send, isOpen })
      })
    ).pipe(Layer.provide(breakerStore))

  static readonly layer = (options: EpxOptions): Layer.Layer<Epx, PlainUrl> =>
    Epx.layerWire(options).pipe(Layer.provide(Wire.layer(options)))
}

/** What a call comes to that could not connect at first, trying again until it is sent or cannot be any more. */
const reconnected = (first: EpxResult, attempt: Effect.Effect<EpxResult>): Effect.Effect<EpxResult> => {
  let unconnected = first
  const noted = Effect.map(attempt, (result) => {
    if (isUnconnected(result)) unconnected = result
    return result
  })
  const last = continued(Effect.succeed(first), noted, (next) =>
    Effect.repeat(next, { schedule: reconnect, while: isUnconnected })
  )
  return Effect.map(last, (result) =>
    // That no time was left for yet another attempt says less than why there had to be one.
    result._tag === "NotSent" ? unconnected : result
  )
}

/** Exponential, jittered, bounded: a gateway that refuses connections is not helped by more of them. */
const reconnect = Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

const isUnconnected = (result: EpxResult): boolean => result._tag === "NotSent" && result.reason === "connect"

const encodeForm = Schema.encodeSync(Form)
const decodeAnswer = Schema.decodeResult(AnswerDocument)

const resultOf = (request: EpxRequest, ending: Ending): EpxResult =>
  ending._tag === "Answered"
    ? Result.match(decodeAnswer(answerText(ending.body)), {
        onFailure: (error) => ({ _tag: "InDoubt", reason: "unreadable", detail: error.message, answer: null }),
        onSuccess: (fields) => decide(request, fields)
      })
    : ending

const outcomeOf = (result: EpxResult): string => {
  switch (result._tag) {
    case "Replied":
      return result.outcome
    case "NotSent":
      return "not_sent"
    case "InDoubt":
      return "in_doubt"
  }
}

const report = (request: EpxRequest, result: EpxResult): Effect.Effect<void> => {
  const outcome = outcomeOf(result)
  const code = "answer" in result ? (result.answer?.responseCode ?? null) : null
  const reason = result._tag === "Replied" ? result.answer.responseCode : result.reason
  const told = Effect.annotateCurrentSpan({
    "epx.outcome": outcome,
    ...(code === null ? {} : { "epx.response_code": code }),
    ...(result._tag === "Replied" ? {} : { "epx.reason": result.reason, "epx.detail": result.detail })
  })
  return Effect.andThen(told, Metric.update(epxResults({ operation: request.operation, outcome, reason }), 1))
}
