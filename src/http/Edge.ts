import {
  Cause,
  Clock,
  Context,
  Duration,
  Effect,
  LogLevel,
  Metric,
  Option,
  References,
  Result,
  Schema,
  Tracer
} from "effect"
import { SecureRandom } from "effect/crypto"
import {
  HttpBody,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse,
  ProblemDetails
} from "effect/http"
import { labelled } from "../telemetry/Labelled.ts"
import { httpRequestDuration, httpRequestsTurnedAway } from "../telemetry/Metrics.ts"
import { makeTimer, type Timer } from "../time/Timer.ts"
import { Admission } from "./Admission.ts"
import { Health } from "./Health.ts"
import { problemBody } from "./Problem.ts"
import { requestDeadline } from "./RequestDeadline.ts"
import { CardNumberRefused, guardRequest, InvalidJson } from "./RequestGuard.ts"
import { RequestId, requestIdFrom } from "./RequestId.ts"

/** What every answer carries. A page sets its own content policy. */
const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}

/**
 * The outermost middleware of a listener: gives each request an id, guards it, and sees that every failure leaves as a
 * problem, even those that no route has made.
 */
export const Edge = HttpRouter.middleware(
  Effect.gen(function* () {
    const random = yield* SecureRandom.SecureRandom
    const health = yield* Health
    const admission = yield* Admission
    const timer = yield* makeTimer
    // Nothing interrupts a request here; from the route on, its deadline and a client that goes away do.
    return Effect.fnUntraced(function* (route: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown>) {
      const request = yield* HttpServerRequest.HttpServerRequest
      const id = yield* requestIdFrom(request.headers["x-request-id"], random)
      const isMoney = movesMoney(request)
      if (isMoney && !(yield* admission.enter)) return yield* turnedAway(id)
      const start = yield* Clock.monotonicTimeNanos
      const span = Option.getOrUndefined(yield* Effect.serviceOption(Tracer.ParentSpan))
      if (span?._tag === "Span") span.attribute("request.id", id)
      const answer = Effect.andThen(Effect.interruptible(guardRequest), route)
      return yield* (isMoney ? Effect.ensuring(answer, admission.leave) : answer).pipe(
        before(timer),
        Effect.catchCause(toProblem),
        Effect.map((response) => finish(response, id)),
        // A connection that is kept alive would keep a service that shuts down from ending.
        Effect.flatMap((response) => Effect.map(health.isReady, (isReady) => (isReady ? response : last(response)))),
        Effect.tap((response) => observe(request, response, start)),
        Effect.updateContext(identifiedBy(id, span !== undefined))
      )
    })
  }),
  { global: true }
)

const movesMoney = ({ method, url }: HttpServerRequest.HttpServerRequest) =>
  method === "POST" && url.startsWith("/v1/payments")

/** As little as can be done for a request: nothing is read of it, not even its key. */
const turnedAway = (id: string) =>
  Effect.as(
    Metric.update(httpRequestsTurnedAway, 1),
    HttpServerResponse.jsonUnsafe(
      {
        ...problemBody(
          "Overloaded",
          503,
          "More comes than can be served. Nothing was done: send it again in a moment."
        ),
        request_id: id
      },
      {
        status: 503,
        contentType: ProblemDetails.contentType,
        headers: { ...securityHeaders, "retry-after": "1", "x-request-id": id }
      }
    )
  )

/** What asks for the id finds it, every line of the log has it, and a request without a span has none inside either. */
const identifiedBy =
  (id: string, isTraced: boolean) => (context: Context.Context<HttpServerRequest.HttpServerRequest>) =>
    context.pipe(
      Context.add(RequestId, id),
      Context.add(References.CurrentLogAnnotations, {
        ...Context.get(context, References.CurrentLogAnnotations),
        request_id: id
      }),
      Context.add(References.TracerEnabled, isTraced && Context.get(context, References.TracerEnabled))
    )

/**
 * Interrupts the fiber of the request itself when its time is over: to race it against a sleep would take two more of
 * them.
 */
const before =
  (timer: Timer) =>
  <A, E, R>(request: Effect.Effect<A, E, R>) =>
    Effect.withFiber<A | HttpServerResponse.HttpServerResponse, E, R>((fiber) => {
      let isOver = false
      const stop = timer(requestDeadline_ms, () => {
        isOver = true
        fiber.interruptUnsafe()
      })
      return Effect.onExit(request, () => Effect.sync(stop)).pipe(
        Effect.catchCauseIf(
          (cause) => isOver && Cause.hasInterruptsOnly(cause),
          () => Effect.succeed(naked(503))
        )
      )
    })

const requestDeadline_ms = Duration.toMillis(requestDeadline)

const problemResponse = (tag: string, status: number, detail: string, members: object = {}) =>
  HttpServerResponse.jsonUnsafe(
    { ...problemBody(tag, status, detail), ...members },
    {
      status,
      contentType: ProblemDetails.contentType
    }
  )

const toProblem = (cause: Cause.Cause<unknown>) => {
  // The client has gone: there is nobody to tell.
  if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
  const failure = Result.getOrElse(Cause.findError(cause), () => Cause.squash(cause))
  if (failure instanceof CardNumberRefused) {
    return Effect.succeed(problemResponse("CardNumberRefused", 422, failure.message, { errors: failure.errors }))
  }
  if (failure instanceof InvalidJson) return Effect.succeed(problemResponse("InvalidJson", 400, failure.message))
  if (failure instanceof HttpServerError.HttpServerError) {
    const { reason } = failure
    if (reason._tag === "RouteNotFound") return Effect.succeed(naked(404))
    if (reason._tag === "RequestParseError") return Effect.succeed(naked(reason.reason === "BodyTooLarge" ? 413 : 400))
  }
  return Effect.as(Effect.logError("A request failed by a defect", cause), naked(500))
}

const nakedProblems: Readonly<Record<number, readonly [tag: string, detail: string]>> = {
  400: ["BadRequest", "The request could not be read."],
  404: ["NotFound", "There is nothing at this address. The API is described at /docs."],
  413: ["BodyTooLarge", "The request body is larger than 64 KiB."],
  415: ["UnsupportedMediaType", "Send the body as `Content-Type: application/json`."],
  500: ["InternalError", "Something went wrong on our side. Quote the request id when you report it."],
  503: ["ServiceUnavailable", "The service cannot answer at the moment."]
}

const naked = (status: number) => {
  const [tag, detail] = nakedProblems[status] ?? ["Error", "The request failed."]
  return problemResponse(tag, status, detail)
}

// An answer that is JSON was made on purpose; an empty one, or one of plain text, comes from below the routes.
const isMade = ({ body }: HttpServerResponse.HttpServerResponse) =>
  body._tag === "Uint8Array" && /^application\/(?:problem\+)?json/.test(body.contentType)

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

const withRequestId = (response: HttpServerResponse.HttpServerResponse, id: string) => {
  const { body } = response
  if (body._tag !== "Uint8Array") return response
  return Option.match(parse(Buffer.from(body.body).toString("utf8")), {
    onNone: () => response,
    onSome: (members) =>
      HttpServerResponse.setBody(response, HttpBody.jsonUnsafe({ ...members, request_id: id }, body.contentType))
  })
}

const finish = (response: HttpServerResponse.HttpServerResponse, id: string) => {
  const answer =
    response.status < 400 ? response : withRequestId(isMade(response) ? response : naked(response.status), id)
  return HttpServerResponse.setHeaders(answer, {
    ...securityHeaders,
    // RFC 9110, section 11.6.1: a 401 says how to authenticate.
    ...(answer.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...answer.headers,
    "x-request-id": id
  })
}

const last = HttpServerResponse.setHeader("connection", "close")

const durationOf = labelled(httpRequestDuration)

const observe = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  { status }: HttpServerResponse.HttpServerResponse,
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
