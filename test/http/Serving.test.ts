import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Metric } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { listener } from "../../src/http/Listener.ts"
import { fiberCount } from "../../src/telemetry/FiberCount.ts"
import { sendRequest } from "../support/HttpRequest.ts"
import { freePorts } from "../support/Ports.ts"
import { http2Client } from "./Http2Client.ts"
import { head, rawClient } from "./RawClient.ts"
import { testCertificate } from "./Served.ts"

class Before extends Context.Service<Before, string>()("test/Before") {}
class Meanwhile extends Context.Service<Meanwhile, string>()("test/Meanwhile") {}

const keysRoute = HttpRouter.add(
  "GET",
  "/",
  Effect.map(Effect.context<never>(), ({ mapUnsafe }) => HttpServerResponse.jsonUnsafe([...mapUnsafe.keys()]))
)

const listenerAt = (port: number, more: Partial<Parameters<typeof listener>[0]>) =>
  listener({ name: "merchants", variable: "PORT", maxConnections: 10, host: "127.0.0.1", port, ...more })

const served = HttpRouter.serve(keysRoute, { disableLogger: true, disableListenLog: true })

const serveKeys = (context: Context.Context<Layer.Success<ReturnType<typeof listener>>>) =>
  Effect.provideContext(Layer.build(served), context)

describe("a request", () => {
  it.live("takes along what there was before the service, and none of what that is made of", () =>
    Effect.gen(function* () {
      const [port = 0] = yield* freePorts(1)
      const ambient: Context.Context<never> = Context.make(Before, "before")
      yield* served.pipe(
        Layer.provide(listenerAt(port, { ambient })),
        Layer.provide([Layer.succeed(Meanwhile, "meanwhile"), fiberCount]),
        Layer.build
      )
      const { text } = yield* sendRequest(`http://127.0.0.1:${port}`, { path: "/" })
      const keys: ReadonlyArray<string> = JSON.parse(text)
      assert.include(keys, Before.key)
      assert.include(keys, Metric.FiberRuntimeMetrics.key)
      assert.notInclude(keys, Meanwhile.key)
    })
  )

  it.live("that comes before its routes are there is told to come again", () =>
    Effect.gen(function* () {
      const [port = 0] = yield* freePorts(1)
      const context = yield* Layer.build(listenerAt(port, {}))
      const origin = `http://127.0.0.1:${port}`
      const ask = sendRequest(origin, { path: "/", headers: { "x-request-id": "mine" } })
      const { headers, json, status } = yield* ask
      assert.deepInclude(json, { status: 503, code: "service_unavailable", request_id: "mine" })
      assert.deepInclude(headers, { "retry-after": "1", "x-request-id": "mine", "cache-control": "no-store" })
      assert.strictEqual(status, 503)
      const client = yield* rawClient(origin)
      yield* client.write(head("GET /"))
      yield* client.closed
      assert.match(client.received(), /\nx-request-id: req_[0-9a-z]{26}\r/)
      yield* serveKeys(context)
      assert.strictEqual((yield* ask).status, 200)
    })
  )

  it.live("that comes so early by HTTP/2 is told so too", () =>
    Effect.gen(function* () {
      const [port = 0] = yield* freePorts(1)
      const context = yield* Layer.build(listenerAt(port, { certificate: testCertificate }))
      const client = yield* http2Client(`https://127.0.0.1:${port}`)
      assert.strictEqual((yield* client.request({ path: "/" })).status, 503)
      yield* serveKeys(context)
      assert.strictEqual((yield* client.request({ path: "/" })).status, 200)
    })
  )
})
