import { Cause, Clock, Context, Duration, Effect, Fiber, Predicate, Tracer } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpMethod, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { makeTimer } from "../running/Timer.ts"
import { Admission } from "./Admission.ts"
import { finish, naked, toProblem, turnedAway } from "./Answers.ts"
import { compressing } from "./Compression.ts"
import { movesMoney } from "./Gate.ts"
import { Health } from "./Health.ts"
import { observe } from "./Observation.ts"
import { requestDeadline } from "./RequestDeadline.ts"
import { guarded } from "./RequestGuard.ts"
import { identifiedBy, requestIdFrom } from "./RequestId.ts"
import { serverSpans } from "./ServerSpans.ts"

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

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
    // A connection that is kept alive would keep a service that shuts down from ending.
    const sent = (response: Response) => (health.isReadyUnsafe() ? response : last(response))

    // Nothing interrupts a request here; from the route on, its deadline does, and some end with their client. All that
    // is done for each of them stands in one step, since each step of a fiber costs as much as what is done in most.
    const answered = <R>(request: Request, id: string, served: Effect.Effect<Response, unknown, R>) =>
      Effect.withFiber<Response, unknown, R>((fiber) => {
        const start = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
        const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
        if (span?._tag === "Span") span.attribute("request.id", id)
        let isOver = false
        // To race it against a sleep would take two more fibers.
        const stop = timer(requestDeadline_ms, () => {
          isOver = true
          fiber.interruptUnsafe()
        })
        const done = (response: Response) => {
          const finished = sent(finish(response, id))
          return Effect.as(observe(request, finished.status, start), finished)
        }
        return Effect.matchCauseEffect(served, {
          onSuccess: (response) => {
            stop()
            return done(response)
          },
          onFailure: (cause) => {
            stop()
            if (!Cause.hasInterruptsOnly(cause)) return Effect.flatMap(toProblem(cause), done)
            if (isOver) return done(isHalf(request) ? last(naked(408)) : naked(503))
            // The client has gone: there is nobody to tell.
            return Effect.andThen(observe(request, clientGone, start), Effect.failCause(cause))
          }
        })
      })

    return (route: Effect.Effect<Response, unknown>) => {
      const answer = (request: Request, id: string, served: Effect.Effect<Response, unknown, Request>) => {
        const whole = identifiedBy(id)(answered(request, id, served))
        return compressed(request, isForItsClient(request) ? whole : carriedOut(whole))
      }

      const admitted = (request: Request) =>
        Effect.flatMap(requestIdFrom(request.headers["x-request-id"], random), (id) => {
          const served = guarded(request, route)
          if (!movesMoney(request)) return answer(request, id, served)
          return Effect.flatMap(admission.enter, (isIn) =>
            isIn ? answer(request, id, Effect.ensuring(served, admission.leave)) : Effect.map(turnedAway(id), sent)
          )
        })

      return HttpServerRequest.HttpServerRequest.use((request) => inSpan(request, admitted(request)))
    }
  }),
  { global: true }
)

/** As proxies log a client that did not wait for its answer; nobody is sent it. */
const clientGone = 499

/** What only reads, and a profile: it changes nothing, and costs as long as it is taken. */
const isForItsClient = ({ method, url }: Request) =>
  method === "GET" || method === "HEAD" || method === "OPTIONS" || url.startsWith("/v1/profiles/")

/** What changes something goes on when its client goes: a fiber of its own does not hear of that. */
const carriedOut = <A, E, R>(request: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.forkChild(request, { startImmediately: true, uninterruptible: true }), Fiber.join)

/** Whether it is still being sent: then no route has seen it yet. Without a body, nobody reads to where it ends. */
const isHalf = ({ method, source }: Request) =>
  HttpMethod.hasBody(method) && Predicate.hasProperty(source, "complete") && source.complete === false

const requestDeadline_ms = Duration.toMillis(requestDeadline)

const last = HttpServerResponse.setHeader("connection", "close")
