import { Clock, Effect } from "effect"

/** The moment after which the first byte of a request must not leave any more. */
export interface Fence {
  /** Milliseconds left; negative once it has passed. */
  readonly left: () => number
}

/** The same fence, falling this many milliseconds earlier. */
export const earlier = (fence: Fence, by_ms: number): Fence => ({ left: () => fence.left() - by_ms })

/**
 * A fence at `sendBy` (epoch milliseconds) that two clocks must agree on: the wall clock keeps running while the
 * machine is suspended, and the monotonic one cannot be set back.
 */
export const makeFence = (sendBy: number): Effect.Effect<Fence> =>
  Clock.clockWith((clock) =>
    Effect.sync(() => {
      const allowed = sendBy - clock.currentTimeMillisUnsafe()
      const start = clock.monotonicTimeNanosUnsafe()
      const left = () =>
        Math.min(
          sendBy - clock.currentTimeMillisUnsafe(),
          allowed - Number(clock.monotonicTimeNanosUnsafe() - start) / 1_000_000
        )
      return { left }
    })
  )
