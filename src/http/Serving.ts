import type { EventEmitter } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Context, Effect, Layer, Metric, References, Scope, Tracer } from "effect"
import { HttpServer } from "effect/http"
import { Sampling } from "../telemetry/Sampling.ts"
import { send, starting } from "./Answers.ts"
import { requestIdUnsafe } from "./RequestId.ts"

interface ServingOptions {
  /** All that requests find in their context, beside what a listener gives them; when absent, all that there is. */
  readonly ambient: Context.Context<never> | undefined
  /** Done once requests are answered. */
  readonly onServing: Effect.Effect<void>
}

/**
 * Answers for a server until its routes are there, as it listens before, and gives requests what they begin with. Each
 * copies its context, and routes have got what they need when they were made: the services of this process need not be
 * in it.
 */
export const serving = (
  server: EventEmitter,
  { address, serve }: HttpServer.HttpServer["Service"],
  { ambient, onServing }: ServingOptions
) => {
  const isServed = untilServed(server)
  const contextOf = (context: OfRequests) =>
    Context.add(
      ambient === undefined ? context : Context.merge(needed(ambient), given(context)),
      // The edge makes their spans, and says so where it does.
      References.TracerEnabled,
      false
    )
  return HttpServer.make({
    address,
    serve: (app, middleware) =>
      (middleware === undefined ? serve(app) : serve(app, middleware)).pipe(
        Effect.andThen(isServed),
        Effect.andThen(onServing),
        Effect.updateContext(contextOf)
      )
  })
}

type OfRequests = Context.Context<Scope.Scope>

/** What is asked for when routes are made, and never again. */
const needed: (ambient: Context.Context<never>) => Context.Context<never> = Context.omit(
  Layer.CurrentMemoMap,
  Sampling,
  Tracer.Tracer
)

const given: (context: OfRequests) => OfRequests = Context.pick(Scope.Scope, Metric.FiberRuntimeMetrics)

/** Whoever comes before the routes are there would otherwise never be answered. */
const untilServed = (server: EventEmitter) => {
  const notYet = ({ headers }: IncomingMessage, response: ServerResponse): void => {
    // In the moment in which the routes come.
    if (server.listenerCount("request") > 1) return
    const header = headers["x-request-id"]
    send(response, starting(requestIdUnsafe(typeof header === "string" ? header : undefined)), true)
  }
  server.on("request", notYet)
  return Effect.sync(() => server.off("request", notYet))
}
