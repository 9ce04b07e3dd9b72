import { Context, Effect, References, Tracer } from "effect"
import { HttpMiddleware, type HttpServerRequest, type HttpServerResponse } from "effect/http"
import { Sampling } from "../telemetry/Sampling.ts"
import { methodOf } from "./Observation.ts"
import { isUntraceable } from "./Secrets.ts"

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/**
 * Gives a request its server span, unless its trace is not kept or it would show a secret: then there are no spans
 * below it either. A listener hands over requests without spans, since to take them away from each would cost more.
 */
export const serverSpans = Effect.gen(function* () {
  const isKept = yield* Sampling
  const tracer = yield* Tracer.Tracer
  // Of the tracer that is there when none was set nobody sees a span.
  const isTracing = (yield* References.TracerEnabled) && tracer !== Tracer.nativeTracer
  const traced = <R>(context: Context.Context<R>): Context.Context<R> =>
    context.pipe(
      Context.add(References.TracerEnabled, true),
      Context.add(Tracer.Tracer, tracer),
      Context.add(HttpMiddleware.SpanNameGenerator, (request) => `${methodOf(request)} ${templateOf(request.url)}`)
    )
  return <E, R>(request: HttpServerRequest.HttpServerRequest, answer: Answer<E, R>) => {
    if (isTracing && isKept(request.headers) && !isUntraceable(request)) {
      return Effect.updateContext(HttpMiddleware.tracer(answer), traced<R | HttpServerRequest.HttpServerRequest>)
    }
    return Effect.withFiber<HttpServerResponse.HttpServerResponse, E, R>((fiber) =>
      fiber.getRef(References.TracerEnabled) ? Effect.provideService(answer, References.TracerEnabled, false) : answer
    )
  }
})

// Few names, so that traces can be grouped: ids become one word, and addresses that nobody serves none.
const templateOf = (url: string): string =>
  /^\/(?:v1|health|docs|openapi|metrics)/.test(url)
    ? url.replace(/\?.*$/, "").replace(/\/[a-z]+_[0-9a-z]{26}(?=\/|$)/g, "/:id")
    : ""
