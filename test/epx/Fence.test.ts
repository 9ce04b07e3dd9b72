import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { makeFence } from "../../src/epx/Fence.ts"

/** A fence ten seconds ahead, read after its two clocks moved apart. */
const leftAfter = ({ wall_ms, monotonic_ms }: { readonly wall_ms: number; readonly monotonic_ms: number }) => {
  const now = { wall_ms: 1_000_000, monotonic_ms: 77 }
  const nanos = () => BigInt(now.monotonic_ms) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now.wall_ms,
    currentTimeMillis: Effect.sync(() => now.wall_ms),
    currentTimeNanosUnsafe: () => BigInt(now.wall_ms) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now.wall_ms) * 1_000_000n),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: () => Effect.void
  }
  return makeFence(now.wall_ms + 10_000).pipe(
    Effect.map((fence) => {
      now.wall_ms += wall_ms
      now.monotonic_ms += monotonic_ms
      return fence.left()
    }),
    Effect.provideService(Clock.Clock, clock)
  )
}

describe("makeFence", () => {
  it.effect.each([
    { name: "at once", wall_ms: 0, monotonic_ms: 0, left: 10_000 },
    { name: "in its last moment", wall_ms: 10_000, monotonic_ms: 10_000, left: 0 },
    { name: "just after", wall_ms: 10_001, monotonic_ms: 10_001, left: -1 },
    {
      name: "after the machine slept, which only the wall clock shows",
      wall_ms: 11_000,
      monotonic_ms: 5,
      left: -1_000
    },
    { name: "after the wall clock was set back", wall_ms: -60_000, monotonic_ms: 11_000, left: -1_000 }
  ])("$name", ({ left, ...moved }) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* leftAfter(moved), left)
    })
  )
})
