import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { within } from "../../../src/cli/doctor/Within.ts"

const over = () => Effect.succeed("over")

describe("a limit", () => {
  it.effect("lets through what comes in time", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* within(Effect.succeed("done"), "1 second", over), "done")
      assert.strictEqual(yield* Effect.flip(within(Effect.fail("broken"), "1 second", over)), "broken")
    })
  )

  it.effect("does not wait for the end of what it gives up, but ends it", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<void>()
      const gone = yield* Deferred.make<void>()
      const slowToEnd = Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(Deferred.succeed(ended, undefined), Deferred.await(gone))
      )
      const waiting = yield* Effect.forkChild(within(slowToEnd, "1 second", over))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(waiting), "over")
      yield* Deferred.await(ended)
      const broken = yield* Effect.forkChild(within(slowToEnd, "1 hour", over))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(broken)
    })
  )
})
