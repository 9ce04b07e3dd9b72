import { createServer } from "node:http2"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, Logger, References } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpBody, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Admission } from "../../src/http/Admission.ts"
import { Edge } from "../../src/http/Edge.ts"
import { Health } from "../../src/http/Health.ts"
import { requestDeadline } from "../../src/http/RequestDeadline.ts"
import { headersOf, http2Client } from "./Http2Client.ts"

type Route = Layer.Layer<never, never, HttpRouter.HttpRouter>

const app = (routes: ReadonlyArray<Route>, admission: Layer.Layer<Admission>) =>
  HttpRouter.serve(Layer.mergeAll(Edge, ...routes), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide([Health.layer, SecureRandom.layerWebCrypto, admission])
  )

const served = (routes: ReadonlyArray<Route>, admission: Layer.Layer<Admission> = Admission.layer) =>
  Layer.provideMerge(app(routes, admission), NodeHttpServer.layerTest)

/** A route that never ends by itself, how to know that it has begun, and that it was interrupted. */
const endless = Effect.gen(function* () {
  const begun = yield* Deferred.make<void>()
  const interrupted = yield* Deferred.make<void>()
  const handler = Deferred.succeed(begun, undefined).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
  )
  const route = HttpRouter.add("GET", "/endless", handler)
  return { begun, interrupted, route, routes: served([route]) }
})

/** A log from this level on, of which the lines are kept that tell of an answer. */
const recording = (level: "Debug" | "Info") => {
  const lines: Array<readonly [level: string, status: unknown]> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    if (String(message) === "Answered") {
      lines.push([logLevel, fiber.getRef(References.CurrentLogAnnotations)["status"]])
    }
  })
  return { lines, logging: Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, level)) }
}

/** Lines that tell of an answer to a request of a service that logs from this level on. */
const linesAt = Effect.fnUntraced(function* (level: "Debug" | "Info") {
  const { lines, logging } = recording(level)
  const server = served([
    HttpRouter.add("GET", "/well", HttpServerResponse.empty()),
    HttpRouter.add("GET", "/broken", Effect.die("broken"))
  ]).pipe(Layer.provide(logging))
  yield* Effect.forEach(["/well", "/broken"], (path) => HttpClient.get(path)).pipe(Effect.provide(server))
  return lines
})

describe("a request", () => {
  it.effect("is interrupted when its time is over, and answered like any other", () =>
    Effect.gen(function* () {
      const { begun, interrupted, routes } = yield* endless
      const [status, problem] = yield* Effect.gen(function* () {
        const asked = yield* Effect.forkChild(HttpClient.get("/endless"))
        yield* Deferred.await(begun)
        yield* TestClock.adjust(Duration.subtract(requestDeadline, Duration.millis(1)))
        assert.isUndefined(asked.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        const answer = yield* Fiber.join(asked)
        return [answer.status, yield* answer.json] as const
      }).pipe(Effect.provide(routes))
      assert.strictEqual(status, 503)
      assert.nestedPropertyVal(problem, "code", "service_unavailable")
      assert.nestedProperty(problem, "request_id")
      yield* Deferred.await(interrupted)
    })
  )

  it.effect("K-9: that has not come to its end by then is told so, and reaches no route", () => {
    const taken: Array<string> = []
    const route = HttpRouter.add(
      "POST",
      "/v1/payments",
      Effect.sync(() => void taken.push("taken")).pipe(Effect.as(HttpServerResponse.empty()))
    )
    const { lines, logging } = recording("Debug")
    return Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const { session } = yield* http2Client(HttpServer.formatAddress(address))
      const stream = session.request(headersOf({ method: "POST", path: "/v1/payments" }))
      let status: number | undefined
      let body = ""
      stream.on("response", (headers) => {
        status = headers[":status"]
      })
      stream.setEncoding("utf8").on("data", (text) => {
        body += text
      })
      const ended = Effect.callback<void>((resume) => void stream.on("end", () => resume(Effect.void)))
      stream.write('{"amount":')
      const aWhile = Effect.andThen(
        Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10))),
        TestClock.adjust("1 second")
      )
      yield* Effect.raceFirst(Effect.forever(aWhile), ended)
      assert.strictEqual(status, 408)
      assert.nestedPropertyVal(JSON.parse(body), "code", "request_timeout")
      assert.deepStrictEqual(taken, [])
      assert.deepStrictEqual(lines, [["Debug", "408"]])
    }).pipe(
      // Whose connection must go before the server does.
      Effect.scoped,
      Effect.provide(
        Layer.provideMerge(
          app([route], Admission.layer),
          NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })
        ).pipe(Layer.provide(logging))
      )
    )
  })

  it.effect("that reads is interrupted when its client goes away, and is counted all the same", () =>
    Effect.gen(function* () {
      const { begun, interrupted, routes } = yield* endless
      const { lines, logging } = recording("Debug")
      yield* Effect.gen(function* () {
        const asked = yield* Effect.forkChild(HttpClient.get("/endless"))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(asked)
        yield* Deferred.await(interrupted)
      }).pipe(Effect.provide(routes.pipe(Layer.provide(logging))))
      assert.deepStrictEqual(lines, [["Debug", "499"]])
    })
  )

  it.effect("that changes something goes on when its client goes away", () =>
    Effect.gen(function* () {
      const { begun, interrupted, route } = yield* endless
      const [begunToo, mayEnd, done] = yield* Effect.all([Deferred.make(), Deferred.make(), Deferred.make()])
      const change = Deferred.succeed(begunToo, undefined).pipe(
        Effect.andThen(Deferred.await(mayEnd)),
        Effect.andThen(Deferred.succeed(done, undefined)),
        Effect.as(HttpServerResponse.empty())
      )
      yield* Effect.gen(function* () {
        const changing = yield* Effect.forkChild(HttpClient.post("/change"))
        const reading = yield* Effect.forkChild(HttpClient.get("/endless"))
        yield* Effect.all([Deferred.await(begun), Deferred.await(begunToo)])
        yield* Fiber.interrupt(changing)
        yield* Fiber.interrupt(reading)
        // By now the server knows that both have gone.
        yield* Deferred.await(interrupted)
        yield* Deferred.succeed(mayEnd, undefined)
        yield* Deferred.await(done)
      }).pipe(Effect.provide(served([route, HttpRouter.add("POST", "/change", change)])))
    })
  )
})

describe("a request that moves money", () => {
  it.effect("is turned away at once where there is no room for it, and nothing else is", () => {
    const began: Array<string> = []
    const path = "/v1/payments"
    const taken = (method: "GET" | "POST", path: `/${string}`) =>
      HttpRouter.add(
        method,
        path,
        Effect.sync(() => void began.push(method)).pipe(Effect.as(HttpServerResponse.empty()))
      )
    const left: Array<string> = []
    const full = Layer.mock(Admission, {
      isFullUnsafe: () => true,
      enter: Effect.succeed(false),
      leave: Effect.sync(() => void left.push("left"))
    })
    const routes = [taken("GET", path), taken("POST", path), taken("POST", `${path}/:id/refunds`)]
    return Effect.gen(function* () {
      for (const url of [path, `${path}/pay_1/refunds`]) {
        const answer = yield* HttpClient.post(url, { body: HttpBody.text("{ not even JSON") })
        assert.strictEqual(answer.status, 503)
        assert.strictEqual(answer.headers["retry-after"], "1")
        assert.strictEqual(answer.headers["content-type"], "application/problem+json")
        const problem = yield* answer.json
        assert.nestedPropertyVal(problem, "code", "overloaded")
        assert.nestedPropertyVal(problem, "request_id", answer.headers["x-request-id"])
      }
      assert.strictEqual((yield* HttpClient.get(path)).status, 204)
      assert.deepStrictEqual(began, ["GET"])
      assert.deepStrictEqual(left, [])
    }).pipe(Effect.provide(served(routes, full)))
  })

  it.effect("leaves room for others again, however it ends", () => {
    const entered = { now: 0 }
    const counting = Layer.mock(Admission, {
      isFullUnsafe: () => false,
      enter: Effect.sync(() => ++entered.now > 0),
      leave: Effect.sync(() => void entered.now--)
    })
    const routes = [
      HttpRouter.add("POST", "/v1/payments", HttpServerResponse.empty()),
      HttpRouter.add("POST", "/v1/payments/:id/void", Effect.die("broken"))
    ]
    return Effect.gen(function* () {
      const answers = yield* Effect.forEach(
        ["/v1/payments", "/v1/payments/pay_1/void", "/v1/payments/nowhere/at/all"],
        (url) => HttpClient.post(url)
      )
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [204, 500, 404]
      )
      assert.strictEqual(entered.now, 0)
    }).pipe(Effect.provide(served(routes, counting)))
  })
})

describe("an answer", () => {
  it.effect("is told as a warning when we failed, and otherwise to whoever asks for details", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* linesAt("Debug"), [
        ["Debug", "204"],
        ["Warn", "500"]
      ])
      assert.deepStrictEqual(yield* linesAt("Info"), [["Warn", "500"]])
    })
  )

  it.effect("C-16: is compressed where it may be, and as it is where it says that nobody may change it", () => {
    const text = JSON.stringify({ text: "x".repeat(2_000) })
    const answering = (path: `/${string}`, headers: Readonly<Record<string, string>>) =>
      HttpRouter.add("GET", path, HttpServerResponse.text(text, { contentType: "application/json", headers }))
    const routes = [answering("/v1/open", {}), answering("/v1/secret", { "cache-control": "no-store, no-transform" })]
    return Effect.gen(function* () {
      const sizes = yield* Effect.forEach(["/v1/open", "/v1/secret"], (path) =>
        Effect.map(HttpClient.get(path, { headers: { "accept-encoding": "br" } }), ({ headers }) => [
          headers["content-encoding"],
          headers["content-length"]
        ])
      )
      // What the client gets it has already unpacked; a stream has no length.
      assert.notStrictEqual(sizes[0]?.[1], String(text.length))
      assert.deepStrictEqual(sizes[1], [undefined, String(text.length)])
    }).pipe(Effect.provide(served(routes)))
  })
})
