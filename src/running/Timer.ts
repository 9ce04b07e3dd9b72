import { Clock, Effect, type Fiber, FiberSet } from "effect"
import { Bag } from "./Bag.ts"

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
  /** Takes it out; says whether it was still in. */
  end: () => boolean
}

/** One fiber watches all that runs: one for each would cost more than what it guards. It stops with its scope. */
export const makeTimer = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const fork = yield* FiberSet.makeRuntime()
  const running = new Bag<Running>()
  const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  let watcher: Fiber.Fiber<void> | undefined
  /** When the watcher looks again. */
  let wakesAt = Number.POSITIVE_INFINITY

  const watch = Effect.gen(function* () {
    for (;;) {
      // What begins meanwhile is seen when it looks again.
      wakesAt = Number.NEGATIVE_INFINITY
      const now = now_ms()
      const due = Array.from(running).filter(({ at }) => at <= now)
      // One that is due may end another one that is.
      for (const one of due) if (one.end()) yield* told(one)
      if (due.length > 0) continue
      wakesAt = earliest(running)
      if (wakesAt === Number.POSITIVE_INFINITY) return
      yield* Effect.sleep(wakesAt - now)
    }
  })

  const timer: Timer = (time_ms, onOver) => {
    const one: Running = { at: now_ms() + time_ms, onOver, end: () => false }
    one.end = running.put(one)
    if (one.at < wakesAt) {
      watcher?.interruptUnsafe()
      watcher = fork(watch)
    }
    return () => void one.end()
  }
  return timer
})

// Not even a log that fails may keep the others from being told.
const told = ({ onOver }: Running) =>
  Effect.exit(
    Effect.onError(Effect.sync(onOver), (cause) => Effect.logError("What a time limit should end goes on", cause))
  )

const earliest = (running: Iterable<Running>): number => {
  let first = Number.POSITIVE_INFINITY
  for (const { at } of running) first = Math.min(first, at)
  return first
}
