import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { MerchantId } from "../../src/domain/Ids.ts"
import { Limits } from "../../src/http/Limits.ts"
import { LeasesRepo } from "../../src/limits/LeasesRepo.ts"
import { limitsLayer } from "../../src/limits/Limits.ts"
import { PlacesRepo } from "../../src/limits/PlacesRepo.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsTest } from "../merchants/MerchantsTest.ts"

/** The limits as another process has them: nothing but the database is shared. */
const process = Effect.map(
  Layer.build(
    Layer.fresh(
      limitsLayer({ reads: 1_000, writes: 1_000, writesAtOnce: 1_000 }).pipe(
        Layer.provide([LeasesRepo.layer, PlacesRepo.layer])
      )
    )
  ),
  (context) => Effect.runSync(Effect.provideContext(Limits, context))
)

/** How many of so many are let in. */
const allowed = ({ take }: Limits["Service"], merchantId: MerchantId, times: number) =>
  Effect.map(
    Effect.forEach(Array.from({ length: times }), () => take({ merchantId, environment: "test" }, "writes"), {
      concurrency: 16
    }),
    (taken) => taken.filter(({ isAllowed }) => isAllowed).length
  )

const merchantOf = (writes_per_second: number) =>
  Effect.map(
    Effect.flatMap(Merchants, (merchants) => merchants.create({ name: "Shop", writes_per_second })),
    ({ id }) => id
  )

layer(MerchantsTest, { excludeTestServices: true })("ARCH-A8: a limit of a merchant", (it) => {
  it.effect("is shared by all processes, each of which holds a twentieth of a second's worth", () =>
    Effect.gen(function* () {
      const rate = 200
      const id = yield* merchantOf(rate)
      const processes = [yield* process, yield* process]
      const start = performance.now()
      const counts = yield* Effect.forEach(processes, (one) => allowed(one, id, 600), { concurrency: 2 })
      const seconds = (performance.now() - start) / 1_000
      const [first = 0, second = 0] = counts
      // A second's worth at once, and what has come since.
      assert.isAtLeast(first + second, rate - 2 * (rate / 20))
      assert.isAtMost(first + second, Math.ceil(rate * (1 + seconds)))
      assert.isAbove(first, 0)
      assert.isAbove(second, 0)
    })
  )

  it.effect("fills up again as time goes by, up to a second's worth", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const id = yield* merchantOf(20)
      const one = yield* process
      assert.isAtLeast(yield* allowed(one, id, 60), 20)
      yield* sql`UPDATE rate_limits SET tokens = 0, refilled_at = now() - interval '1 hour'`
      const other = yield* process
      const start = performance.now()
      const again = yield* allowed(other, id, 60)
      assert.isAtLeast(again, 20)
      assert.isAtMost(again, 21 + (20 * (performance.now() - start)) / 1_000)
    })
  )

  it.effect("is below one request for each lease, too", () =>
    Effect.gen(function* () {
      const id = yield* merchantOf(1)
      const one = yield* process
      const start = performance.now()
      const most = () => 1 + (performance.now() - start) / 1_000
      const first = yield* allowed(one, id, 10)
      assert.isAtLeast(first, 1)
      assert.isAtMost(first, most())
      yield* Effect.sleep("1100 millis")
      const second = yield* allowed(one, id, 10)
      assert.isAtLeast(second, 1)
      assert.isAtMost(first + second, most())
    })
  )
})
