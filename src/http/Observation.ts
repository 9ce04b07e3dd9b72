import { Clock, Context, Effect, LogLevel, References } from "effect"
import { HttpMethod, HttpRouter, type HttpServerRequest } from "effect/http"
import { httpRequestDuration } from "../telemetry/Metrics.ts"

/** Counts a request that is over, and tells of it. `start` is nanoseconds of the monotonic clock. */
export const observe = (
  request: HttpServerRequest.HttpServerRequest,
  status: number,
  start: bigint
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const route = Context.getOrUndefined(fiber.context, HttpRouter.RouteContext)?.route.path ?? "none"
    const seconds = Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() - start) / 1e9
    const labels = { method: methodOf(request), route, status: String(status) }
    httpRequestDuration(labels).updateUnsafe(seconds, fiber.context)
    // Labels for a line that nobody reads would be put together for each request.
    if (status < 500 && LogLevel.isGreaterThan(fiber.getRef(References.MinimumLogLevel), "Debug")) return Effect.void
    const log = status >= 500 ? Effect.logWarning : Effect.logDebug
    return Effect.annotateLogs(log("Answered"), { ...labels, duration_ms: Math.round(seconds * 1000) })
  })

/**
 * By HTTP/2 a client can make up as many methods as it likes, without a key, and each would be a series. OpenTelemetry
 * (semantic conventions for HTTP, `http.request.method`) calls them so.
 */
export const methodOf = ({ method }: HttpServerRequest.HttpServerRequest): string =>
  HttpMethod.isHttpMethod(method) ? method : "_OTHER"
