import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { inject } from "vitest"
import { Health } from "../../src/http/Health.ts"
import { makeProxy, type Proxy } from "../support/Proxy.ts"
import { TestService } from "../support/TestService.ts"
import { problemOf } from "./Problems.ts"

class Database extends Context.Service<Database, Proxy>()("payment-service/test/Health/Database") {
  static readonly layer = Layer.effect(
    Database,
    Effect.suspend(() => makeProxy(inject("postgres").server))
  )
}

const Service = Layer.unwrap(
  Effect.map(Database, ({ port }) =>
    TestService.layerWith(({ connection }) => ({ connection: { ...connection, host: "127.0.0.1", port } }))
  )
).pipe(Layer.provideMerge(Database.layer))

/** Status and word of one check on both ports, which must agree. */
const check = Effect.fnUntraced(function* (name: "live" | "ready" | "startup") {
  const { request, requestOps } = yield* TestService
  const path = `/health/${name}`
  const { json, status } = yield* request({ path })
  const ops = yield* requestOps({ path })
  assert.deepStrictEqual([ops.status, ops.json.status], [status, json.status])
  return [status, json.status, json.checks] as const
})

layer(Service)("health", (it) => {
  it.effect("is good on both ports once the service has come up", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* check("live"), [200, "alive", {}])
      assert.deepStrictEqual(yield* check("startup"), [200, "started", {}])
      assert.deepStrictEqual(yield* check("ready"), [200, "ready", { database: "ok" }])
    })
  )

  it.effect("asks for no requests before start and in shutdown, and answers on", () =>
    Effect.gen(function* () {
      const { setReady } = yield* Health
      yield* Effect.acquireUseRelease(
        setReady(false),
        () =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* check("live"), [200, "alive", {}])
            assert.deepStrictEqual((yield* check("startup"))[0], 503)
            assert.deepStrictEqual(yield* check("ready"), [503, "starting or shutting down", {}])
          }),
        () => setReady(true)
      )
      assert.strictEqual((yield* check("ready"))[0], 200)
    })
  )

  it.effect("is not ready without Postgres, yet alive; and ready again when Postgres is back", () =>
    Effect.gen(function* () {
      const { charge, merchant, request, simulator } = yield* TestService
      const { cut, mend } = yield* Database
      const idempotencyKey = randomUUID()
      const before = (yield* simulator.requests()).length
      yield* Effect.acquireUseRelease(
        cut,
        () =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* check("ready"), [503, "degraded", { database: "failing" }])
            assert.deepStrictEqual(yield* check("live"), [200, "alive", {}])
            assert.deepStrictEqual(yield* check("startup"), [200, "started", {}])
            const read = yield* request({ path: "/v1/payments", key: merchant.keys.all })
            assert.deepStrictEqual(problemOf(read), [503, "database_unavailable"])
            assert.deepStrictEqual(problemOf(yield* charge({}, { idempotencyKey })), [503, "database_unavailable"])
          }),
        () => mend
      )
      yield* Effect.repeat(check("ready"), { until: ([status]) => status === 200 })
      assert.lengthOf(yield* simulator.requests(), before)
      assert.strictEqual((yield* charge({}, { idempotencyKey })).status, 201)
    })
  )
})
