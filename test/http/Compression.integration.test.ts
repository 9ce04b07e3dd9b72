import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { scopes } from "../../src/domain/Scope.ts"
import { TestService } from "../support/TestService.ts"

const decoders = { br: brotliDecompressSync, gzip: gunzipSync }

/** A page of a hundred payments of which no two are alike in what can be told apart. */
const fullPage = Effect.gen(function* () {
  const { charge, makeMerchant, request } = yield* TestService
  const { keys } = yield* makeMerchant()
  yield* Effect.forEach(
    Array.from({ length: 100 }).keys(),
    // Other amounts are refused by EPX's test environment, or never answered.
    (index) => charge({ amount: 1_000 + index, order_ref: `order-${index}` }, { key: keys.all }),
    { concurrency: 20 }
  )
  return (accepted?: string) =>
    request({
      path: "/v1/payments?limit=100",
      key: keys.read,
      headers: accepted === undefined ? {} : { "accept-encoding": accepted }
    })
})

layer(TestService.layer)("API-2: an answer", (it) => {
  it.effect(
    "is compressed to less than a third where the client asks for it, and says the same",
    () =>
      Effect.gen(function* () {
        const list = yield* fullPage
        const plain = yield* list()
        assert.lengthOf(plain.json.data, 100)
        assert.deepStrictEqual([plain.headers["content-encoding"], plain.headers.vary], [undefined, "Accept-Encoding"])
        for (const encoding of ["br", "gzip"] as const) {
          const packed = yield* list(encoding)
          assert.deepStrictEqual(
            [packed.status, packed.headers["content-encoding"], packed.headers.vary],
            [200, encoding, "Accept-Encoding"]
          )
          assert.isAtMost(packed.bytes.length, 0.3 * plain.bytes.length)
          assert.deepStrictEqual(JSON.parse(decoders[encoding](packed.bytes).toString("utf8")), plain.json)
        }
        // As browsers ask; the better one is taken.
        assert.strictEqual((yield* list("gzip, deflate, br, zstd")).headers["content-encoding"], "br")
        for (const accepted of ["identity", "zstd", "br;q=0, gzip;q=0", ""]) {
          assert.strictEqual((yield* list(accepted)).headers["content-encoding"], undefined, accepted)
        }
      }),
    30_000
  )

  it.effect("is not compressed where it is small, and keeps its id", () =>
    Effect.gen(function* () {
      const { charge, merchant, request } = yield* TestService
      const headers = { "accept-encoding": "br, gzip" }
      const missing = yield* request({ path: "/v1/payments/pay_0", key: merchant.keys.read, headers })
      assert.deepStrictEqual([missing.status, missing.headers["content-encoding"]], [404, undefined])
      assert.match(missing.json.request_id, /^req_/)
      const { id } = (yield* charge()).json
      const one = yield* request({ path: `/v1/payments/${id}`, key: merchant.keys.read, headers })
      assert.strictEqual(one.headers["content-encoding"], one.bytes.length < 1_024 ? undefined : "br")
    })
  )

  it.effect("is not compressed for who needs no key to ask for it", () =>
    Effect.gen(function* () {
      const { request } = yield* TestService
      for (const path of ["/docs", "/openapi.json"]) {
        const { bytes, headers, status } = yield* request({ path, headers: { "accept-encoding": "br, gzip" } })
        assert.deepStrictEqual([status, headers["content-encoding"], bytes.length > 1_024], [200, undefined, true])
      }
    })
  )

  it.effect("C-16: is never compressed when it shows a secret", () =>
    Effect.gen(function* () {
      const { merchant, operatorKey, requestOps } = yield* TestService
      const asked = { merchant_id: merchant.id, environment: "test", name: "钥".repeat(200), scopes }
      const headers = { "accept-encoding": "br, gzip" }
      const issued = yield* requestOps({ path: "/v1/api-keys", key: operatorKey, json: asked, headers })
      assert.strictEqual(issued.status, 201)
      assert.deepStrictEqual(
        [issued.headers["content-encoding"], issued.headers["cache-control"]],
        [undefined, "no-store, no-transform"]
      )
    })
  )
})
