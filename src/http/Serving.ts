import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from "node:http2"
import { Context, Effect, Metric, Scope } from "effect"
import { HttpIncomingMessage, HttpMiddleware, HttpPlatform, HttpServer, ProblemDetails } from "effect/http"
import { problemBody } from "./Problem.ts"

interface ServingOptions {
  /** All that requests find in their context, beside what a listener gives them; when absent, all that there is. */
  readonly ambient: Context.Context<never> | undefined
  /** Done once requests are answered. */
  readonly onServing: Effect.Effect<void>
}

/**
 * A server listens before its routes are made, and with what there was when they are served each request begins.
 *
 * Routes have got what they need when they were made, and each request copies its context: the services of this process
 * need not be among it.
 */
export const serving = (
  server: Server | Http2SecureServer,
  { address, serve }: HttpServer.HttpServer["Service"],
  { ambient, onServing }: ServingOptions
) => {
  server.on("request", notYet)
  const contextOf = (context: OfRequests) => (ambient === undefined ? context : Context.merge(ambient, given(context)))
  return HttpServer.make({
    address,
    serve: (app, middleware) =>
      (middleware === undefined ? serve(app) : serve(app, middleware)).pipe(
        Effect.andThen(Effect.sync(() => server.off("request", notYet))),
        Effect.andThen(onServing),
        Effect.updateContext(contextOf)
      )
  })
}

type OfRequests = Context.Context<Scope.Scope>

const given: (context: OfRequests) => OfRequests = Context.pick(
  Scope.Scope,
  // What compresses answers asks for it.
  HttpPlatform.HttpPlatform,
  Metric.FiberRuntimeMetrics,
  HttpIncomingMessage.MaxBodySize,
  HttpMiddleware.TracerDisabledWhen,
  HttpMiddleware.SpanNameGenerator
)

/** Whoever comes before the routes are there would otherwise never be answered. */
const notYet = (
  { httpVersionMajor }: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse
): void => {
  const detail = "The service is starting. Nothing was done: send it again in a moment."
  response.statusCode = 503
  response.setHeader("content-type", ProblemDetails.contentType)
  response.setHeader("retry-after", "1")
  if (httpVersionMajor === 1) response.setHeader("connection", "close")
  response.end(JSON.stringify(problemBody("ServiceUnavailable", 503, detail)))
}
