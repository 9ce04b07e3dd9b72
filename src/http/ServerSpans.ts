import { Effect, References } from "effect"
import { HttpMiddleware, type HttpServerRequest, type HttpServerResponse } from "effect/http"
import { Sampling } from "../telemetry/Sampling.ts"
import { isUntraceable } from "./Secrets.ts"

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/**
 * Gives a request its server span, unless its trace is not kept or it would show a secret: then there are no spans
 * below it either. A listener hands over requests without spans, since to take them away from each would cost more.
 */
export const serverSpans = Effect.gen(function* () {
  const isKept = yield* Sampling
  const isTracing = yield* References.TracerEnabled
  return <E, R>(request: HttpServerRequest.HttpServerRequest, answer: Answer<E, R>) => {
    if (isTracing && isKept(request.headers) && !isUntraceable(request)) {
      return Effect.provideService(HttpMiddleware.tracer(answer), References.TracerEnabled, true)
    }
    return Effect.withFiber<HttpServerResponse.HttpServerResponse, E, R>((fiber) =>
      fiber.getRef(References.TracerEnabled) ? Effect.provideService(answer, References.TracerEnabled, false) : answer
    )
  }
})
