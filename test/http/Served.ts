import { Deferred, Duration, Effect, Exit, Layer, Metric, Redacted, Scope } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Certificate } from "../../src/http/Certificate.ts"
import { type ConnectionLimits, usualLimits } from "../../src/http/ConnectionLimits.ts"
import { listener } from "../../src/http/Listener.ts"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import { sendRequest } from "../support/HttpRequest.ts"
import { freePorts } from "../support/Ports.ts"

/** For localhost and 127.0.0.1, to be trusted by whoever trusts `TestCertificates.authority`. */
export const testCertificate: Certificate = {
  chain: TestCertificates.trusted,
  key: Redacted.make(TestCertificates.key)
}

interface Bounds extends Partial<ConnectionLimits> {
  readonly maxConnections?: number
  readonly certificate?: Certificate
}

/** Nothing is closed by these unless a test shortens one. */
const patient: ConnectionLimits = {
  ...usualLimits,
  headers_ms: 20_000,
  request_ms: 20_000,
  idle_ms: 20_000,
  answer_ms: 20_000,
  look_ms: 20
}

/** A listener with a few routes of its own, and what these have seen. */
export const served = Effect.fnUntraced(function* ({ certificate, maxConnections = 100, ...limits }: Bounds) {
  const { routes, ...seen } = yield* makeRoutes
  const [port = 0] = yield* freePorts(1)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const bounds = { name: "merchants", variable: "PORT", maxConnections, certificate } as const
  yield* HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(listener({ ...bounds, host: "127.0.0.1", port, limits: { ...patient, ...limits } })),
    Layer.build,
    Effect.provideService(Scope.Scope, scope)
  )
  const origin = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`
  return {
    ...seen,
    origin,
    shutDown: Scope.close(scope, Exit.void),
    get: (path = "/") => Effect.map(sendRequest(origin, { path }), ({ status }) => status)
  }
})

const makeRoutes = Effect.gen(function* () {
  const taken: Array<string> = []
  const slow = { begun: yield* Deferred.make<void>(), now: 0, most: 0 }
  const takeTime = Effect.acquireUseRelease(
    Effect.sync(() => {
      slow.now++
      slow.most = Math.max(slow.most, slow.now)
    }),
    () => Effect.andThen(Deferred.succeed(slow.begun, undefined), Effect.sleep("700 millis")),
    () => Effect.sync(() => void slow.now--)
  )
  const routes = Layer.mergeAll(
    HttpRouter.add("GET", "/", HttpServerResponse.text("well")),
    HttpRouter.add("GET", "/large", HttpServerResponse.text("x".repeat(500_000))),
    HttpRouter.add("GET", "/slow", Effect.as(takeTime, HttpServerResponse.text("slow"))),
    HttpRouter.add(
      "POST",
      "/",
      Effect.gen(function* () {
        const body = yield* (yield* HttpServerRequest.HttpServerRequest).text
        taken.push(body)
        return HttpServerResponse.text(body)
      })
    )
  )
  return {
    routes,
    /** The bodies that have come. */
    taken,
    slowBegun: Deferred.await(slow.begun),
    /** How many took their time at once. */
    mostAtOnce: () => slow.most
  }
})

/** A number that the only listener of this test tells of its connections. */
export const counted = (name: "open_connections" | "connections_total" | "connections_refused_total") =>
  Effect.map(Metric.snapshot, (metrics) => {
    const found = metrics.find(({ id }) => id === `http_server_${name}`)
    if (found?.type === "Gauge") return Number(found.state.value)
    return found?.type === "Counter" ? Number(found.state.count) : Number.NaN
  })

/** How long it took, in milliseconds. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toMillis(duration))
