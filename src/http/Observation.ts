import { Clock, Context, Effect, LogLevel, Metric, Option, References } from "effect"
import { HttpRouter, type HttpServerRequest } from "effect/http"
import { labelled } from "../telemetry/Labelled.ts"
import { httpRequestDuration } from "../telemetry/Metrics.ts"

const durationOf = labelled(httpRequestDuration)

/** Counts a request that is over, and tells of it. `start` is nanoseconds of the monotonic clock. */
export const observe = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  status: number,
  start: bigint
) {
  const context = yield* Effect.context<never>()
  const route = Option.match(Context.getOption(context, HttpRouter.RouteContext), {
    onNone: () => "none",
    onSome: (found) => found.route.path
  })
  const seconds = Number((yield* Clock.monotonicTimeNanos) - start) / 1e9
  const labels = { method: request.method, route, status: String(status) }
  yield* Metric.update(durationOf(labels), seconds)
  // Labels for a line that nobody reads would be put together for each request.
  if (status < 500 && LogLevel.isGreaterThan(Context.get(context, References.MinimumLogLevel), "Debug")) return
  const log = status >= 500 ? Effect.logWarning : Effect.logDebug
  yield* Effect.annotateLogs(log("Answered"), { ...labels, duration_ms: Math.round(seconds * 1000) })
})
