import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { Bulkhead } from "../../src/epx/Bulkhead.ts"
import { makeFence } from "../../src/epx/Fence.ts"
import type { NotSent } from "../../src/epx/Result.ts"

/** Asks for a place as a call does, and stays in it. */
const enter = (bulkhead: Bulkhead, sendBy = 1_000) =>
  Effect.flatMap(makeFence(sendBy), (fence) =>
    Effect.uninterruptibleMask((restore) => bulkhead.enter(fence, restore))
  ).pipe(Effect.map(reasonOf))

const reasonOf = Option.match({ onNone: () => "entered", onSome: ({ reason }: NotSent) => reason })

const counts = ({ inFlight, queued }: Bulkhead) => ({ inFlight, queued })

describe("Bulkhead", () => {
  it.effect("lets calls in up to its places, makes some wait and turns the rest away", () =>
    Effect.gen(function* () {
      const bulkhead = new Bulkhead(2, 1)
      assert.deepStrictEqual([yield* enter(bulkhead), yield* enter(bulkhead)], ["entered", "entered"])
      const waiting = yield* Effect.forkChild(enter(bulkhead), { startImmediately: true })
      assert.strictEqual(yield* enter(bulkhead), "overload")
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 2, queued: 1 })
      bulkhead.leave()
      assert.strictEqual(yield* Fiber.join(waiting), "entered")
      bulkhead.leave()
      bulkhead.leave()
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 0, queued: 0 })
    })
  )

  it.effect("gives a place to whoever waits longest, and to nobody who comes later", () =>
    Effect.gen(function* () {
      const bulkhead = new Bulkhead(1, 9)
      const order: Array<number> = []
      yield* enter(bulkhead)
      for (const index of [1, 2, 3]) {
        yield* Effect.forkChild(
          Effect.map(enter(bulkhead), () => order.push(index)),
          { startImmediately: true }
        )
      }
      bulkhead.leave()
      const last = yield* Effect.forkChild(enter(bulkhead), { startImmediately: true })
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(order, [1])
      bulkhead.leave()
      bulkhead.leave()
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(order, [1, 2, 3])
      assert.isUndefined(last.pollUnsafe())
    })
  )

  it.effect("ends a wait at the fence, and keeps no place for it", () =>
    Effect.gen(function* () {
      const bulkhead = new Bulkhead(1, 1)
      yield* enter(bulkhead)
      const waiting = yield* Effect.forkChild(enter(bulkhead, 500), { startImmediately: true })
      yield* TestClock.adjust(499)
      assert.strictEqual(bulkhead.queued, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(waiting), "fence")
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 1, queued: 0 })
    })
  )

  it.effect("lets nobody in after the fence, even when a place is free", () =>
    Effect.gen(function* () {
      const bulkhead = new Bulkhead(1, 1)
      assert.strictEqual(yield* enter(bulkhead, -1), "fence")
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 0, queued: 0 })
    })
  )

  it.effect("takes back a place that was given at a moment when the fence had passed", () =>
    Effect.gen(function* () {
      const bulkhead = new Bulkhead(1, 1)
      yield* enter(bulkhead)
      let left = 1_000
      const waiting = yield* Effect.forkChild(
        Effect.uninterruptibleMask((restore) => bulkhead.enter({ left: () => left }, restore)),
        { startImmediately: true }
      )
      // A suspended machine: the wall clock went on while timers stood still.
      left = -1
      bulkhead.leave()
      assert.strictEqual(Option.getOrUndefined(yield* Fiber.join(waiting))?.reason, "fence")
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 0, queued: 0 })
    })
  )

  it.effect("loses no place to an interruption, neither while waiting nor when its turn has come", () =>
    Effect.gen(function* () {
      const bulkhead = new Bulkhead(1, 2)
      const stay = Effect.flatMap(makeFence(1_000), (fence) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.andThen(bulkhead.enter(fence, restore), restore(Effect.never)).pipe(
            Effect.ensuring(Effect.sync(() => ended++))
          )
        )
      )
      let ended = 0
      yield* enter(bulkhead)
      const first = yield* Effect.forkChild(stay, { startImmediately: true })
      const second = yield* Effect.forkChild(stay, { startImmediately: true })
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 1, queued: 1 })
      bulkhead.leave()
      second.interruptUnsafe()
      yield* Fiber.await(second)
      assert.strictEqual(ended, 2)
      // The second call had its place when the interruption came, so it is the one to give it back.
      assert.deepStrictEqual(counts(bulkhead), { inFlight: 1, queued: 0 })
    })
  )
})
