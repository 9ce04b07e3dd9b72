import { Effect, Fiber, type Scope } from "effect"
import { Bag } from "./Bag.ts"

/** Fibers of the application, which are interrupted, and waited for, when the scope ends. */
export interface Fibers {
  /** Begins it at once, with what is in the context. After the scope has ended nothing begins. */
  run<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.Fiber<A, E>, never, R>
  /** The same for callbacks, with what is in the context where they were made. */
  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E>
  /** Returns when none is left, those that begin meanwhile included. */
  readonly awaitEmpty: Effect.Effect<void>
}

/** As `FiberSet`, for fibers that come and go thousands of times a second: see `Bag`. */
export const makeFibers: Effect.Effect<Fibers, never, Scope.Scope> = Effect.gen(function* () {
  const fibers = new Bag<Fiber.Fiber<unknown, unknown>>()
  let isClosed = false
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isClosed = true
      return Fiber.interruptAll([...fibers])
    })
  )
  const awaitEmpty: Effect.Effect<void> = Effect.suspend(() =>
    fibers.size === 0 ? Effect.void : Effect.andThen(Fiber.awaitAll([...fibers]), awaitEmpty)
  )
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const added = <A, E>(fiber: Fiber.Fiber<A, E>): Fiber.Fiber<A, E> => {
    fiber.addObserver(fibers.put(fiber))
    return fiber
  }
  return {
    run: (effect) =>
      // Whoever is interrupted just then must not leave behind one that has begun and that nobody waits for.
      Effect.uninterruptible(
        Effect.suspend(() =>
          Effect.map(Effect.forkDetach(isClosed ? Effect.interrupt : effect, { startImmediately: true }), added)
        )
      ),
    fork: (effect) => added(runFork(isClosed ? Effect.interrupt : effect)),
    awaitEmpty
  }
})
