import { Effect } from "effect"

/**
 * Repeats or retries `attempt` as `loop` says, for which what the first one came to, `made`, counts as one of them. So
 * nothing is set up for further attempts as long as the first is enough, as it nearly always is.
 */
export const continued = <A, E, B, F>(
  made: Effect.Effect<A, E>,
  attempt: Effect.Effect<A, E>,
  loop: (attempt: Effect.Effect<A, E>) => Effect.Effect<B, F>
): Effect.Effect<B, F> =>
  Effect.suspend(() => {
    let isMade = false
    return loop(
      Effect.suspend(() => {
        if (isMade) return attempt
        isMade = true
        return made
      })
    )
  })
