import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { usualLimits } from "../../src/http/ConnectionLimits.ts"
import { TestService } from "../support/TestService.ts"
import { head, rawClient } from "./RawClient.ts"

/** So short that EPX takes longer. */
const limits = { ...usualLimits, headers_ms: 200, request_ms: 400, look_ms: 25 }

layer(
  TestService.layerWith(() => ({ limits })),
  { excludeTestServices: true }
)("a payment", (it) => {
  it.effect("K-9: whose body is sent slowly is not taken, and nothing is charged", () =>
    Effect.gen(function* () {
      const { makeMerchant, request, simulator, urls } = yield* TestService
      const merchant = yield* makeMerchant()
      const body = JSON.stringify({ amount: 1999, currency: "USD", source: { bric: simulator.brics.visa } })
      const key = randomUUID()
      const client = yield* rawClient(urls.api)
      const headers = {
        authorization: `Bearer ${merchant.keys.all}`,
        "content-type": "application/json",
        "content-length": body.length,
        "idempotency-key": key
      }
      yield* client.write(head("POST /v1/payments", headers))
      yield* Effect.forkChild(client.trickle(body, 50))
      yield* client.closed
      assert.match(client.received(), /^(?:HTTP\/1\.1 408 |$)/)
      assert.deepStrictEqual((yield* request({ path: "/v1/payments", key: merchant.keys.all })).json.data, [])
      assert.deepStrictEqual(yield* simulator.requests({ key: merchant.terminal }), [])
    })
  )

  it.effect("K-9: that EPX is slow about is answered, however short the time in which it must come", () =>
    Effect.gen(function* () {
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ effect: "SLOW_2000" })
      const answer = yield* charge()
      assert.strictEqual(answer.status, 201)
      assert.strictEqual(answer.json.status, "captured")
    })
  )
})
