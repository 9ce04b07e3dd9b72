import { Effect } from "effect"
import { HttpMiddleware, HttpPlatform, type HttpServerRequest, type HttpServerResponse } from "effect/http"

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/** Small answers would grow by it. What says `no-transform` stays as it is: it holds a secret that could be guessed. */
const compression = HttpMiddleware.compression({ algorithms: ["br", "gzip"], minSize: 1_024 })

/** Compresses answers to those who say that they take it. */
export const compressing = Effect.map(
  HttpPlatform.HttpPlatform,
  (platform) =>
    <E, R>(request: HttpServerRequest.HttpServerRequest, answer: Answer<E, R>) =>
      mayBeCompressed(request)
        ? Effect.provideService(compression(answer), HttpPlatform.HttpPlatform, platform)
        : answer
)

const mayBeCompressed = ({ headers, method, url }: HttpServerRequest.HttpServerRequest) =>
  // Not the reference page: who needs no key could keep the threads busy with it that also look up EPX's address.
  headers["accept-encoding"] !== undefined && method !== "HEAD" && url.startsWith("/v1/")
