import { Effect, Layer } from "effect"
import { HttpMiddleware, type HttpServerRequest } from "effect/http"
import { Sampling } from "../telemetry/Sampling.ts"
import { isUntraceable } from "./Secrets.ts"

/** Says which requests have no server span: those whose trace is not kept, and those that would show a secret. */
export const untracedRequests = Layer.effect(
  HttpMiddleware.TracerDisabledWhen,
  Effect.map(Sampling, (isKept) => {
    // Asked twice for a request that is traced; what was drawn the first time must stay.
    const kept = new WeakSet<HttpServerRequest.HttpServerRequest>()
    return (request) => {
      if (kept.has(request)) return false
      if (!isKept(request.headers) || isUntraceable(request)) return true
      kept.add(request)
      return false
    }
  })
)
