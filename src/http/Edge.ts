import { Cause, Clock, Context, Duration, Effect, Fiber, Predicate, Tracer } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpMethod, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { makeTimer, type Timer } from "../running/Timer.ts"
import { Admission } from "./Admission.ts"
import { finish, naked, toProblem, turnedAway } from "./Answers.ts"
import { compressing } from "./Compression.ts"
import { movesMoney } from "./Gate.ts"
import { Health } from "./Health.ts"
import { observe } from "./Observation.ts"
import { requestDeadline } from "./RequestDeadline.ts"
import { guardRequest } from "./RequestGuard.ts"
import { identifiedBy, requestIdFrom } from "./RequestId.ts"
import { serverSpans } from "./ServerSpans.ts"

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
    const inSpan = yield* serverSpans
    const compressed = yield* compressing
    // Nothing interrupts a request here; from the route on, its deadline does, and some end with their client.
    return (route: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown>) => {
      const guarded = Effect.andThen(Effect.interruptible(guardRequest), route)
      const plain = Effect.catchCause(before(timer)(guarded), toProblem)
      const money = Effect.catchCause(before(timer)(Effect.ensuring(guarded, admission.leave)), toProblem)

      const answer = (request: HttpServerRequest.HttpServerRequest, id: string, made: typeof plain) =>
        Effect.withFiber((fiber) => {
          const start = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
          const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
          if (span?._tag === "Span") span.attribute("request.id", id)
          const answered = made.pipe(
            Effect.flatMap((response) =>
              Effect.flatMap(health.isReady, (isReady) => {
                const finished = finish(response, id)
                // A connection that is kept alive would keep a service that shuts down from ending.
                return Effect.as(observe(request, finished.status, start), isReady ? finished : last(finished))
              })
            ),
            Effect.onError(() => observe(request, clientGone, start)),
            identifiedBy(id)
          )
          return compressed(request, isForItsClient(request) ? answered : carriedOut(answered))
        })

      const refused = (id: string) =>
        Effect.flatMap(health.isReady, (isReady) => (isReady ? turnedAway(id) : Effect.map(turnedAway(id), last)))

      const admitted = (request: HttpServerRequest.HttpServerRequest) =>
        Effect.flatMap(requestIdFrom(request.headers["x-request-id"], random), (id) => {
          if (!movesMoney(request)) return answer(request, id, plain)
          return Effect.flatMap(admission.enter, (isIn) => (isIn ? answer(request, id, money) : refused(id)))
        })

      return Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => inSpan(request, admitted(request)))
    }
  }),
  { global: true }
)

/** As proxies log a client that did not wait for its answer; nobody is sent it. */
const clientGone = 499

/** What only reads, and a profile: it changes nothing, and costs as long as it is taken. */
const isForItsClient = ({ method, url }: HttpServerRequest.HttpServerRequest) =>
  method === "GET" || method === "HEAD" || method === "OPTIONS" || url.startsWith("/v1/profiles/")

/** What changes something goes on when its client goes: a fiber of its own does not hear of that. */
const carriedOut = <A, E, R>(request: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.forkChild(request, { startImmediately: true, uninterruptible: true }), Fiber.join)

/**
 * Interrupts the fiber of the request itself when its time is over: to race it against a sleep would take two more of
 * them.
 */
const before =
  (timer: Timer) =>
  <A, E, R>(request: Effect.Effect<A, E, R>) =>
    Effect.withFiber<A | HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>((fiber) => {
      let isOver = false
      const stop = timer(requestDeadline_ms, () => {
        isOver = true
        fiber.interruptUnsafe()
      })
      return Effect.onExit(request, () => Effect.sync(stop)).pipe(
        Effect.catchCauseIf(
          (cause) => isOver && Cause.hasInterruptsOnly(cause),
          () =>
            Effect.map(HttpServerRequest.HttpServerRequest, (asked) => (isHalf(asked) ? last(naked(408)) : naked(503)))
        )
      )
    })

/** Whether it is still being sent: then no route has seen it yet. Without a body, nobody reads to where it ends. */
const isHalf = ({ method, source }: HttpServerRequest.HttpServerRequest) =>
  HttpMethod.hasBody(method) && Predicate.hasProperty(source, "complete") && source.complete === false

const requestDeadline_ms = Duration.toMillis(requestDeadline)

const last = HttpServerResponse.setHeader("connection", "close")
