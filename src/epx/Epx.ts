import { Clock, Context, Duration, Effect, Layer, Metric, Result, Schedule, Schema } from "effect"
import { epxAttemptDuration, epxResults } from "../telemetry/Metrics.ts"
import { AnswerDocument } from "./AnswerFields.ts"
import { answerText } from "./AnswerText.ts"
import { decide } from "./Decision.ts"
import type { Ending } from "./Exchange.ts"
import type { Fence } from "./Fence.ts"
import { fieldsOf } from "./Fields.ts"
import { Form } from "./Form.ts"
import { callLimits, tranTypeOf } from "./Operation.ts"
import type { PlainUrl } from "./Places.ts"
import type { EpxRequest } from "./Request.ts"
import type { EpxResult } from "./Result.ts"
import { Wire, type WireOptions } from "./Wire.ts"

/** The card processor, EPX Server Post. */
export class Epx extends Context.Service<
  Epx,
  {
    /**
     * Makes one call, whose first byte leaves before the fence falls or never. It always succeeds with
     * what is known of the outcome; only failures to connect are tried again, with the same pair and before the fence.
     */
    send(request: EpxRequest, fence: Fence): Effect.Effect<EpxResult>
  }
>()("payment-service/epx/Epx") {
  static readonly layerWire: Layer.Layer<Epx, never, Wire> = Layer.effect(
    Epx,
    Effect.gen(function* () {
      const wire = yield* Wire

      const attempt = Effect.fnUntraced(function* (request: EpxRequest, body: string, fence: Fence) {
        const start = yield* Clock.monotonicTimeNanos
        const limit_ms = callLimits[request.operation]
        const ending = yield* wire.post({
          environment: request.environment,
          lane: laneOf(request),
          body,
          fence,
          limit_ms
        })
        const result = resultOf(request, ending)
        const duration = Duration.nanos((yield* Clock.monotonicTimeNanos) - start)
        const labels = { operation: request.operation, outcome: outcomeOf(result) }
        yield* Metric.update(Metric.withAttributes(epxAttemptDuration, labels), Duration.toSeconds(duration))
        return result
      })

      const send = (request: EpxRequest, fence: Fence) =>
        Effect.suspend(() => {
          const body = encodeForm(fieldsOf(request))
          return Effect.repeat(attempt(request, body, fence), { schedule: reconnect, while: isUnconnected })
        }).pipe(
          Effect.tap((result) => report(request, result)),
          Effect.withSpan(
            `Epx.${request.operation}`,
            {
              kind: "client",
              attributes: { "transaction.id": request.transactionId, "epx.tran_type": tranTypeOf(request) }
            },
            // A call never fails, so nobody would read the stack.
            { captureStackTrace: false }
          )
        )

      return Epx.of({ send })
    })
  )

  static readonly layer = (options: WireOptions): Layer.Layer<Epx, PlainUrl> =>
    Epx.layerWire.pipe(Layer.provide(Wire.layer(options)))
}

/** Exponential, jittered, bounded: a gateway that refuses connections is not helped by more of them. */
const reconnect = Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

const isUnconnected = (result: EpxResult): boolean => result._tag === "NotSent" && result.reason === "connect"

const laneOf = ({ operation }: EpxRequest) => (operation === "timeout_reversal" ? "resolver" : "charges")

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

const report = Effect.fnUntraced(function* (request: EpxRequest, result: EpxResult) {
  const outcome = outcomeOf(result)
  const code = "answer" in result ? (result.answer?.responseCode ?? null) : null
  const reason = result._tag === "Replied" ? result.answer.responseCode : result.reason
  yield* Effect.annotateCurrentSpan({
    "epx.outcome": outcome,
    ...(code === null ? {} : { "epx.response_code": code }),
    ...(result._tag === "Replied" ? {} : { "epx.reason": result.reason, "epx.detail": result.detail })
  })
  yield* Metric.update(Metric.withAttributes(epxResults, { operation: request.operation, outcome, reason }), 1)
})
