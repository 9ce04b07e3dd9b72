import { Effect, Fiber } from "effect"
import { makeFibers } from "./Fibers.ts"

/**
 * Runs one effect at a time for each key: whoever asks meanwhile waits for that one. It goes on when somebody does not
 * wait any longer.
 */
export const makeSingleFlight = <K>() =>
  Effect.map(makeFibers, (fibers) => {
    const flying = new Map<K, Fiber.Fiber<void>>()
    return (key: K, effect: Effect.Effect<void>): Effect.Effect<void> =>
      Effect.suspend(() => {
        const known = flying.get(key)
        if (known !== undefined) return Fiber.join(known)
        const landed = Effect.sync(() => void flying.delete(key))
        const begun = Effect.map(fibers.run(Effect.ensuring(effect, landed)), (fiber) => {
          if (fiber.pollUnsafe() === undefined) flying.set(key, fiber)
          return fiber
        })
        // Whoever is interrupted just then must not hide from the others that it has begun.
        return Effect.flatMap(Effect.uninterruptible(begun), Fiber.join)
      })
  })
