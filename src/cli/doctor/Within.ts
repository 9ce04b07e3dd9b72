import { type Duration, Effect, Fiber } from "effect"

/**
 * Waits up to the limit. What is given up is told so and left to itself: a connection that does not answer may take
 * seconds to end, and neither the limit nor Ctrl-C waits for that.
 */
export const within = <A, E, R, B, F>(
  work: Effect.Effect<A, E, R>,
  limit: Duration.Input,
  orElse: () => Effect.Effect<B, F>
): Effect.Effect<A | B, E | F, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(restore(work)), (fiber) =>
      restore(Fiber.join(fiber)).pipe(
        Effect.onInterrupt(() => Effect.forkDetach(Fiber.interrupt(fiber), { startImmediately: true }))
      )
    )
  ).pipe(Effect.timeoutOrElse({ duration: limit, orElse }))
