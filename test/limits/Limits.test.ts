import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, type Option } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { MerchantIds } from "../../src/domain/Ids.ts"
import { Limits } from "../../src/http/Limits.ts"
import { type Lease, LeasesRepo } from "../../src/limits/LeasesRepo.ts"
import { limitsLayer } from "../../src/limits/Limits.ts"
import { PlacesRepo } from "../../src/limits/PlacesRepo.ts"

const tenantOf = (n: number) => ({
  merchantId: MerchantIds.fromUuid(`01a2042c-fd7c-7000-8000-${String(n).padStart(12, "0")}`),
  environment: "test" as const
})

const someone = tenantOf(1)

/** Limits on leases that are given one after the other, the last one for ever, and how many were asked for. */
const limitsOn = Effect.fnUntraced(function* (
  ...leases: ReadonlyArray<Effect.Effect<Option.Option<Lease>, DatabaseUnavailable>>
) {
  const asked = { count: 0 }
  const lease = () => Effect.suspend(() => leases[Math.min(asked.count++, leases.length - 1)] ?? Effect.succeedNone)
  const layer = limitsLayer({ reads: 7, writes: 5, writesAtOnce: 9 }).pipe(
    Layer.provide([Layer.mock(LeasesRepo)({ lease }), Layer.mock(PlacesRepo)({}), SecureRandom.layerWebCrypto])
  )
  const { take } = yield* Effect.map(Layer.build(layer), (context) => Limits.pipe(Effect.provideContext(context))).pipe(
    Effect.flatten
  )
  const allowed = (times: number, tenant = someone) =>
    Effect.map(
      Effect.forEach(Array.from({ length: times }), () => take(tenant, "writes"), { concurrency: "unbounded" }),
      (taken) => taken.filter(({ isAllowed }) => isAllowed).length
    )
  return { asked, take, allowed }
})

const granting = (granted: number, left = 0): Effect.Effect<Option.Option<Lease>> =>
  Effect.succeedSome({ granted, left, rate: 5 })

const unavailable = Effect.fail(new DatabaseUnavailable({ reason: "checkout" }))

describe("ARCH-A8: the limits of a merchant", () => {
  it.effect("are leased in blocks, by one for all who wait", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { allowed, asked } = yield* limitsOn(
        Effect.andThen(Deferred.await(gate), granting(10, 3)),
        granting(2, 1),
        granting(0, 0)
      )
      const waiting = yield* Effect.forkChild(allowed(20), { startImmediately: true })
      assert.strictEqual(asked.count, 1)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(waiting), 12)
      assert.strictEqual(asked.count, 3)
    })
  )

  it.effect("are not asked for again while nothing can be left", () =>
    Effect.gen(function* () {
      const { allowed, asked, take } = yield* limitsOn(granting(0, 0.5), granting(1))
      assert.strictEqual(yield* allowed(100), 0)
      assert.strictEqual(asked.count, 1)
      assert.deepStrictEqual(yield* take(someone, "writes"), {
        isAllowed: false,
        rate: 5,
        remaining: 0,
        retryAfter_s: 1
      })
      // Half a request at five a second.
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* allowed(1), 1)
    })
  )

  it.effect("let everybody in for a second where the database cannot be asked", () =>
    Effect.gen(function* () {
      const { allowed, asked } = yield* limitsOn(unavailable, granting(0))
      assert.strictEqual(yield* allowed(1_000), 1_000)
      assert.strictEqual(asked.count, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* allowed(10), 0)
    })
  )

  it.effect("let everybody in where a lease fails by a defect", () =>
    Effect.gen(function* () {
      const { allowed } = yield* limitsOn(Effect.die("broken"), granting(0))
      assert.strictEqual(yield* allowed(10), 10)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* allowed(10), 0)
    })
  )

  it.effect("wait a fifth of a second for a database that does not answer, and then let everybody in", () =>
    Effect.gen(function* () {
      const { take } = yield* limitsOn(Effect.never)
      const waiting = yield* Effect.forkChild(take(someone, "reads"), { startImmediately: true })
      yield* TestClock.adjust("199 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* Fiber.join(waiting), { isAllowed: true, rate: 7 })
    })
  )

  it.effect("go on being leased when one of those who wait goes away", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { asked, take } = yield* limitsOn(Effect.andThen(Deferred.await(gate), granting(10)))
      const gone = yield* Effect.forkChild(take(someone, "writes"), { startImmediately: true })
      const stays = yield* Effect.forkChild(take(someone, "writes"), { startImmediately: true })
      yield* Fiber.interrupt(gone)
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue((yield* Fiber.join(stays)).isAllowed)
      assert.strictEqual(asked.count, 1)
    })
  )

  it.effect("SEC-4: are remembered of ten thousand merchants, and of more the latest", () =>
    Effect.gen(function* () {
      const { allowed, asked } = yield* limitsOn(granting(100))
      for (let n = 0; n < 10_001; n++) yield* allowed(1, tenantOf(n))
      yield* allowed(1, tenantOf(10_000))
      assert.strictEqual(asked.count, 10_001)
      yield* allowed(1, tenantOf(0))
      assert.strictEqual(asked.count, 10_002)
    })
  )
})
