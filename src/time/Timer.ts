import { Clock, Effect, type Fiber, FiberSet } from "effect"

/**
 * Calls `onOver` when so many milliseconds are over, by a clock that nobody sets back, unless what it returns has been
 * called before.
 */
export interface Timer {
  (time_ms: number, onOver: () => void): () => void
}

interface Running {
  readonly at: number
  readonly onOver: () => void
}

/** One fiber watches all that runs: one for each would cost more than what it guards. It stops with its scope. */
export const makeTimer = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const fork = yield* FiberSet.makeRuntime()
  const running = new Set<Running>()
  const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  let watcher: Fiber.Fiber<void> | undefined
  /** When the watcher looks again. */
  let wakesAt = Number.POSITIVE_INFINITY

  /** Ends what is over and says when the next one is. */
  const sweep = (): number => {
    const now = now_ms()
    let next = Number.POSITIVE_INFINITY
    for (const one of running) {
      if (one.at > now) next = Math.min(next, one.at)
      else if (running.delete(one)) one.onOver()
    }
    return next
  }

  const watch = Effect.gen(function* () {
    for (;;) {
      // Whatever begins while it sweeps is seen by it.
      wakesAt = Number.NEGATIVE_INFINITY
      wakesAt = sweep()
      if (wakesAt === Number.POSITIVE_INFINITY) return
      yield* Effect.sleep(wakesAt - now_ms())
    }
  }).pipe(
    // Should a callback fail, the next timer watches again.
    Effect.ensuring(Effect.sync(() => (wakesAt = Number.POSITIVE_INFINITY)))
  )

  const timer: Timer = (time_ms, onOver) => {
    const one = { at: now_ms() + time_ms, onOver }
    running.add(one)
    if (one.at < wakesAt) {
      watcher?.interruptUnsafe()
      watcher = fork(watch)
    }
    return () => void running.delete(one)
  }
  return timer
})
