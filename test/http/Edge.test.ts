import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient, HttpRouter, HttpServerResponse } from "effect/http"
import { Edge } from "../../src/http/Edge.ts"
import { Health } from "../../src/http/Health.ts"

/** Lines that tell of an answer to a request of a service that logs from this level on. */
const linesAt = Effect.fnUntraced(function* (level: "Debug" | "Info") {
  const lines: Array<readonly [level: string, status: unknown]> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    if (String(message) === "Answered") {
      lines.push([logLevel, fiber.getRef(References.CurrentLogAnnotations)["status"]])
    }
  })
  const routes = Layer.mergeAll(
    HttpRouter.add("GET", "/well", HttpServerResponse.empty()),
    HttpRouter.add("GET", "/broken", Effect.die("broken")),
    Edge
  )
  const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide([Health.layer, SecureRandom.layerWebCrypto]),
    Layer.provide(Logger.layer([logger])),
    Layer.provide(Layer.succeed(References.MinimumLogLevel, level)),
    Layer.provideMerge(NodeHttpServer.layerTest)
  )
  yield* Effect.forEach(["/well", "/broken"], (path) => HttpClient.get(path)).pipe(Effect.provide(server))
  return lines
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
