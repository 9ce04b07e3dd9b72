import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, Logger, References } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient, HttpRouter, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Edge } from "../../src/http/Edge.ts"
import { Health } from "../../src/http/Health.ts"
import { requestDeadline } from "../../src/http/RequestDeadline.ts"

const served = (...routes: ReadonlyArray<Layer.Layer<never, never, HttpRouter.HttpRouter>>) =>
  HttpRouter.serve(Layer.mergeAll(Edge, ...routes), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide([Health.layer, SecureRandom.layerWebCrypto]),
    Layer.provideMerge(NodeHttpServer.layerTest)
  )

/** A route that never ends by itself, how to know that it has begun, and that it was interrupted. */
const endless = Effect.gen(function* () {
  const begun = yield* Deferred.make<void>()
  const interrupted = yield* Deferred.make<void>()
  const handler = Deferred.succeed(begun, undefined).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
  )
  return { begun, interrupted, routes: served(HttpRouter.add("GET", "/endless", handler)) }
})

/** Lines that tell of an answer to a request of a service that logs from this level on. */
const linesAt = Effect.fnUntraced(function* (level: "Debug" | "Info") {
  const lines: Array<readonly [level: string, status: unknown]> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    if (String(message) === "Answered") {
      lines.push([logLevel, fiber.getRef(References.CurrentLogAnnotations)["status"]])
    }
  })
  const server = served(
    HttpRouter.add("GET", "/well", HttpServerResponse.empty()),
    HttpRouter.add("GET", "/broken", Effect.die("broken"))
  ).pipe(Layer.provide(Logger.layer([logger])), Layer.provide(Layer.succeed(References.MinimumLogLevel, level)))
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

  it.effect("is interrupted when its client goes away", () =>
    Effect.gen(function* () {
      const { begun, interrupted, routes } = yield* endless
      yield* Effect.gen(function* () {
        const asked = yield* Effect.forkChild(HttpClient.get("/endless"))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(asked)
        yield* Deferred.await(interrupted)
      }).pipe(Effect.provide(routes))
    })
  )
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
})
