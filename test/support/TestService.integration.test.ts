import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { TestService } from "./TestService.ts"

layer(TestService.layer)("TestService", (it) => {
  it.effect("takes payments in real time, though the test has a clock of its own", () =>
    Effect.gen(function* () {
      const { charge, merchant, simulator } = yield* TestService
      const slow = yield* simulator.scenarios.add({ effect: "SLOW_50", key: merchant.terminal })
      const { json, status } = yield* charge({ order_ref: "1001" })
      assert.deepStrictEqual([status, json.status, json.order_ref], [201, "captured", "1001"])
      assert.deepStrictEqual(
        (yield* simulator.scenarios.list()).map(({ fired, id }) => [id, fired]),
        [[slow.id, 1]]
      )
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT amount FROM payments WHERE order_ref = '1001'`, [{ amount: 1999 }])
    })
  )

  it.effect("has merchants that know nothing of each other", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, request } = yield* TestService
      const other = yield* makeMerchant()
      const { json, status } = yield* charge({}, { key: other.keys.all })
      assert.strictEqual(status, 201)
      assert.strictEqual((yield* request({ path: `/v1/payments/${json.id}`, key: other.keys.read })).status, 200)
      assert.strictEqual((yield* request({ path: `/v1/payments/${json.id}`, key: other.keys.live })).status, 404)
    })
  )

  it.effect("answers on both ports", () =>
    Effect.gen(function* () {
      const { operatorKey, request, requestOps } = yield* TestService
      assert.strictEqual((yield* request({ path: "/health/ready" })).json.status, "ready")
      assert.strictEqual((yield* requestOps({ path: "/v1/merchants", key: operatorKey })).status, 200)
    })
  )
})
