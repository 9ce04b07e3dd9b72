import { randomUUID } from "node:crypto"
import { request as openTls } from "node:https"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import { until } from "../process/Program.ts"
import { TestService } from "../support/TestService.ts"
import { http2Client } from "./Http2Client.ts"
import { testCertificate } from "./Served.ts"
import { takeBack } from "./TakenBack.ts"

const path = "/v1/payments"

/** A sale as the merchant asks for it. */
const sale = Effect.map(TestService, ({ merchant, simulator }) => ({
  path,
  key: merchant.keys.all,
  headers: { "idempotency-key": randomUUID() },
  json: { amount: 1999, currency: "USD", source: { bric: simulator.brics.visa } }
}))

const client = Effect.flatMap(TestService, ({ urls }) => http2Client(urls.api.replace("http:", "https:")))

const overHttp1 = ({ headers, json, key }: Effect.Success<typeof sale>) =>
  Effect.flatMap(TestService, ({ urls }) =>
    Effect.callback<readonly [status: number | undefined, version: string, status: string]>((resume) => {
      const options = {
        method: "POST",
        ca: TestCertificates.authority,
        agent: false,
        headers: { ...headers, authorization: `Bearer ${key}`, "content-type": "application/json" }
      }
      const outgoing = openTls(`${urls.api.replace("http:", "https:")}${path}`, options, (incoming) => {
        let text = ""
        incoming.setEncoding("utf8").on("data", (part) => {
          text += part
        })
        incoming.on("end", () =>
          resume(Effect.succeed([incoming.statusCode, incoming.httpVersion, JSON.parse(text).status]))
        )
      })
      outgoing.end(JSON.stringify(json))
    })
  )

const standing = Effect.gen(function* () {
  const { merchant } = yield* TestService
  const { json } = yield* (yield* client).request({ path: `${path}?limit=100`, key: merchant.keys.all })
  const payments: ReadonlyArray<{ readonly id: string; readonly status: string; readonly order_ref: string }> =
    json.data
  return payments
}).pipe(Effect.scoped)

layer(
  TestService.layerWith(() => ({ certificate: testCertificate })),
  { excludeTestServices: true }
)("API-5: the service over TLS", (it) => {
  it.effect("takes a payment by HTTP/2, with the headers of every answer, and knows its repetition by HTTP/1.1", () =>
    Effect.gen(function* () {
      const { request } = yield* client
      const asked = yield* sale
      const paid = yield* request(asked)
      assert.strictEqual(paid.status, 201)
      assert.deepInclude(paid.json, { status: "captured", amount: 1999 })
      assert.match(String(paid.headers["x-request-id"]), /^req_/)
      assert.strictEqual(paid.headers["cache-control"], "no-store")
      assert.notProperty(paid.headers, "connection")
      assert.deepStrictEqual(yield* overHttp1(asked), [201, "1.1", "captured"])
      assert.deepStrictEqual(yield* overHttp1(yield* sale), [201, "1.1", "captured"])
      const read = yield* request({ path: `${path}/${paid.json.id}`, key: asked.key })
      assert.strictEqual(read.json.id, paid.json.id)
      assert.isTrue((yield* request(asked)).headers["idempotent-replayed"] === "true")
    })
  )

  it.effect("answers problems by HTTP/2 as it does otherwise", () =>
    Effect.gen(function* () {
      const { request } = yield* client
      const { key } = yield* sale
      for (const [asked, status, code] of [
        [{ path }, 401, undefined],
        [{ path: "/nothing", key }, 404, "not_found"],
        [{ path, key, method: "DELETE" }, 405, "method_not_allowed"],
        [{ path, key, body: "{", headers: { "content-type": "application/json" } }, 400, "invalid_json"],
        [{ path, key, body: "x".repeat(70_000) }, 413, "body_too_large"]
      ] as const) {
        const answer = yield* request(asked)
        assert.strictEqual(answer.status, status)
        if (code !== undefined) assert.strictEqual(answer.json.code, code)
        assert.strictEqual(answer.json.request_id, answer.headers["x-request-id"])
      }
      const short = yield* request({ path: "/openapi.json", headers: { "accept-encoding": "gzip" } })
      assert.strictEqual(short.status, 200)
    })
  )

  it.effect("takes many payments at a time on one connection, each once", () =>
    Effect.gen(function* () {
      const { request } = yield* client
      const answers = yield* Effect.all(
        Array.from({ length: 100 }, () => Effect.flatMap(sale, request)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
      assert.strictEqual(new Set(answers.map(({ json }) => json.id)).size, 100)
    })
  )

  it.effect("carries out a payment whose client goes, if all of it had come, and otherwise nothing", () =>
    Effect.gen(function* () {
      const { simulator, urls } = yield* TestService
      const before = new Set(Array.from(yield* standing, ({ id }) => id))
      const added = Effect.map(standing, (all) => all.filter(({ id }) => !before.has(id)))
      const send = Effect.fnUntraced(function* (order_ref: string, isEnded: boolean) {
        const { headers, json, key } = yield* sale
        const own = { ":path": path, authorization: `Bearer ${key}`, "content-type": "application/json" }
        const body = JSON.stringify({ ...json, order_ref })
        yield* takeBack(urls.api.replace("http:", "https:"), { headers: { ...own, ...headers }, body, isEnded })
      })
      yield* simulator.scenarios.add({ effect: "SLOW_500" })
      yield* send("half", false)
      yield* send("whole", true)
      const captured = yield* until(added, (all) => all.some(({ status }) => status === "captured"))
      assert.deepStrictEqual(
        captured.map(({ order_ref }) => order_ref),
        ["whole"]
      )
    })
  )
})
