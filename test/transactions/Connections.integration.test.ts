import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { until } from "../payments/Asked.ts"
import { TestService } from "../support/TestService.ts"

const calls = 20

// At most so many statements can be under way as its one connection takes ahead of their answers, and one on the other.
layer(TestService.layerWith(() => ({ pipelinedConnections: 1, plainConnections: 1 })))(
  "a service with two connections",
  (it) => {
    it.effect("DB-11: holds none of them while EPX has not answered", () =>
      Effect.gen(function* () {
        const { charge, merchant, request, simulator } = yield* TestService
        const sql = yield* PgClient.PgClient
        yield* simulator.scenarios.add({ effect: "SLOW_2000", times: "always", match: { TRAN_TYPE: "CCE1" } })
        const charging = yield* Effect.forEach(Array.from({ length: calls }), () => Effect.forkChild(charge()))
        yield* until(simulator.requests({ fields: { TRAN_TYPE: "CCE1" } }), ({ length }) => length === calls)
        const open = sql`SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'payment-service %' AND xact_start IS NOT NULL`
        // A sweep may be at it for a moment.
        yield* until(open, ({ length }) => length === 0)
        const list = yield* request({ path: "/v1/payments?limit=100", key: merchant.keys.read })
        const statuses = list.json.data.map(({ status }: { readonly status: string }) => status)
        assert.deepStrictEqual(statuses, Array(calls).fill("processing"))
        for (const { status } of yield* Fiber.joinAll(charging)) assert.strictEqual(status, 201)
      })
    )
  }
)
