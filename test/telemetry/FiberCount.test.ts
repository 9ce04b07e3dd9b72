import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric } from "effect"
import { fiberCount } from "../../src/telemetry/FiberCount.ts"
import { fibersActive } from "../../src/telemetry/Metrics.ts"

const active = Effect.map(Metric.snapshot, (metrics) => {
  const state = metrics.find(({ id }) => id === fibersActive.id)?.state
  return state !== undefined && "value" in state ? Number(state.value) : undefined
})

describe("RES-M1: the count of fibers", () => {
  it.live("has those that have begun and not ended, however they end", () =>
    Effect.gen(function* () {
      const before = (yield* active) ?? Number.NaN
      const soon = Effect.sleep("20 millis")
      const ways: ReadonlyArray<Effect.Effect<void, string>> = [
        Effect.never,
        soon,
        Effect.andThen(soon, Effect.fail("no"))
      ]
      const fibers = yield* Effect.forEach(ways, (way) => Effect.forkChild(way))
      const nested = yield* Effect.forkChild(Effect.andThen(Effect.forkChild(Effect.never), Effect.never))
      yield* Effect.sleep("1 millis")
      assert.strictEqual(yield* active, before + 5)
      yield* Fiber.awaitAll(fibers.slice(1))
      assert.strictEqual(yield* active, before + 3)
      yield* Fiber.interruptAll([...fibers, nested])
      assert.strictEqual(yield* active, before)
    }).pipe(Effect.provide(fiberCount))
  )

  it.live("says nothing any more when it has ended", () =>
    Effect.gen(function* () {
      yield* Effect.provide(active, fiberCount)
      assert.isUndefined(yield* active)
    })
  )
})
