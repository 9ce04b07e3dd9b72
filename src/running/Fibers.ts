import { Effect, Fiber, type Scope } from "effect"
import { Bag } from "./Bag.ts"

/** Fibers of the application, which are interrupted, and waited for, when the scope ends. */
export interface Fibers {
  /** Begins it at once, with what is in the context. After the scope has ended nothing begins. */
  run<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.Fiber<A, E>, never, R>
  /** One that has begun. */
  add(fiber: Fiber.Fiber<unknown, unknown>): void
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
  const add = (fiber: Fiber.Fiber<unknown, unknown>): void => {
    fiber.addObserver(fibers.put(fiber))
  }
  return {
    run: (effect) =>
      Effect.suspend(() =>
        Effect.tap(Effect.forkDetach(isClosed ? Effect.interrupt : effect, { startImmediately: true }), (fiber) =>
          Effect.sync(() => add(fiber))
        )
      ),
    add,
    awaitEmpty
  }
})
