import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { Admission } from "../../src/http/Admission.ts"
import type { Certificate } from "../../src/http/Certificate.ts"
import { usualLimits } from "../../src/http/ConnectionLimits.ts"
import { Edge } from "../../src/http/Edge.ts"
import { overloadGate } from "../../src/http/Gate.ts"
import { Health } from "../../src/http/Health.ts"
import { listener } from "../../src/http/Listener.ts"
import { until } from "../process/Program.ts"
import { type HttpRequest, sendRequest } from "../support/HttpRequest.ts"
import { freePorts } from "../support/Ports.ts"
import { http2Client } from "./Http2Client.ts"
import { head, rawClient } from "./RawClient.ts"
import { testCertificate } from "./Served.ts"

const path = "/v1/payments"
const sale: HttpRequest = { path, json: { amount: 1 } }

/** A listener with a gate that is full, and who was asked to serve anything: the edge, and the routes. */
const gated = Effect.fnUntraced(function* (certificate?: Certificate) {
  const state = { isFull: true, isReady: true, entered: 0, served: [] as Array<string> }
  const serve = (method: "GET" | "POST") =>
    HttpRouter.add(
      method,
      path,
      Effect.sync(() => void state.served.push(method)).pipe(Effect.as(HttpServerResponse.text("served")))
    )
  const admission = Layer.mock(Admission, {
    isFullUnsafe: () => state.isFull,
    enter: Effect.sync(() => {
      state.entered++
      return !state.isFull
    }),
    leave: Effect.void
  })
  const health = Layer.mock(Health, { isReadyUnsafe: () => state.isReady })
  const [port = 0] = yield* freePorts(1)
  const bounds = { name: "merchants", variable: "PORT", maxConnections: 100, limits: usualLimits } as const
  yield* HttpRouter.serve(Layer.mergeAll(serve("GET"), serve("POST"), Edge), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(
    Layer.provide(
      Layer.unwrap(
        Effect.map(overloadGate, (gate) => listener({ ...bounds, certificate, gate, host: "127.0.0.1", port }))
      )
    ),
    Layer.provide([admission, health, SecureRandom.layerWebCrypto]),
    Layer.build
  )
  return { state, origin: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}` }
})

const turnedAway = Effect.map(Metric.snapshot, (metrics) => {
  const found = metrics.find(({ id }) => id === "http_server_requests_turned_away_total")
  return found?.type === "Counter" ? Number(found.state.count) : 0
})

describe("the gate of the merchants' listener", () => {
  it.live("K-17: turns away what moves money before the edge hears of it, in the edge's own words", () =>
    Effect.gen(function* () {
      const { origin, state } = yield* gated()
      const before = yield* turnedAway
      const answers = yield* Effect.forEach([path, `${path}/pay_1/refunds`], (path) =>
        sendRequest(origin, { ...sale, path })
      )
      assert.strictEqual(state.entered, 0)
      assert.strictEqual((yield* turnedAway) - before, 2)
      // Without a length nobody knows where the body ends: the edge answers that.
      const byEdge = yield* sendRequest(origin, { ...sale, headers: { "transfer-encoding": "chunked" } })
      assert.strictEqual(state.entered, 1)
      for (const { headers, json, status } of answers) {
        assert.strictEqual(status, 503)
        assert.match(json.request_id, /^req_/)
        assert.strictEqual(headers["x-request-id"], json.request_id)
        const { request_id, ...problem } = json
        const { request_id: _, ...same } = byEdge.json
        assert.deepStrictEqual(problem, same)
        assert.deepStrictEqual(withoutTimes(headers), withoutTimes(byEdge.headers))
      }
      assert.deepStrictEqual(state.served, [])
    })
  )

  it.live("keeps the caller's request id, but none that could hold a secret", () =>
    Effect.gen(function* () {
      const { origin } = yield* gated()
      const idOf = (id: string) =>
        Effect.map(
          sendRequest(origin, { ...sale, headers: { "x-request-id": id } }),
          ({ headers }) => headers["x-request-id"]
        )
      assert.strictEqual(yield* idOf("mine-1"), "mine-1")
      assert.match(`${yield* idOf("4111111111111111")}`, /^req_/)
    })
  )

  it.live("leaves alone what moves no money, and everything where there is room", () =>
    Effect.gen(function* () {
      const { origin, state } = yield* gated()
      assert.strictEqual((yield* sendRequest(origin, { path })).status, 200)
      assert.strictEqual((yield* sendRequest(origin, { ...sale, path: "/v1/elsewhere" })).status, 404)
      state.isFull = false
      assert.strictEqual((yield* sendRequest(origin, sale)).status, 200)
      assert.deepStrictEqual(state.served, ["GET", "POST"])
    })
  )

  it.live("leaves a large body to the edge, which does not read it to its end", () =>
    Effect.gen(function* () {
      const { origin, state } = yield* gated()
      yield* sendRequest(origin, { path, method: "POST", body: "x".repeat(65_537) })
      assert.strictEqual(state.entered, 1)
    })
  )

  it.live("keeps no connection of a service that shuts down", () =>
    Effect.gen(function* () {
      const { origin, state } = yield* gated()
      state.isReady = false
      const client = yield* rawClient(origin)
      yield* client.write(`${head(`POST ${path}`, { "content-length": 2 })}{}`)
      yield* client.closed
      assert.match(client.received(), /^HTTP\/1\.1 503 .*\r\nconnection: close\r\n/s)
      assert.strictEqual(state.entered, 0)
    })
  )

  it.live("keeps the connection for what comes next on it, though it has read no body", () =>
    Effect.gen(function* () {
      const { origin, state } = yield* gated()
      const client = yield* rawClient(origin)
      const answers = () => client.received().match(/HTTP\/1\.1 \d+/g) ?? []
      yield* client.write(`${head(`POST ${path}`, { "content-length": 13 })}not all `)
      yield* until(Effect.sync(answers), ({ length }) => length === 1)
      yield* client.write(`of it${head(`GET ${path}`)}`)
      yield* until(Effect.sync(answers), ({ length }) => length === 2)
      assert.deepStrictEqual(answers(), ["HTTP/1.1 503", "HTTP/1.1 200"])
      assert.deepStrictEqual(state.served, ["GET"])
    })
  )

  it.live("API-5: stands before HTTP/2, too", () =>
    Effect.gen(function* () {
      const { origin, state } = yield* gated(testCertificate)
      const { request } = yield* http2Client(origin)
      const answer = yield* request({ path, body: "{}", headers: { "content-length": "2" } })
      assert.deepStrictEqual([answer.status, answer.json.code], [503, "overloaded"])
      assert.strictEqual((yield* request({ path })).status, 200)
      state.isReady = false
      assert.strictEqual((yield* request({ path, body: "{}", headers: { "content-length": "2" } })).status, 503)
      assert.deepStrictEqual([state.entered, state.served], [0, ["GET"]])
    })
  )
})

const withoutTimes = (headers: Readonly<Record<string, unknown>>) => ({ ...headers, date: "", "x-request-id": "" })
