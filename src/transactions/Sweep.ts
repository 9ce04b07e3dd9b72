import { Cause, Effect, Exit, Queue, type Scope } from "effect"

/** Every second or so, and mostly in vain: as traces these would bury the others. */
export const untraced = Effect.withTracerEnabled(false)

/** Logs why something could not be done, unless it was only told to stop. */
export const complain = (what: string, exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? Effect.void : Effect.logError(what, exit.cause)

const interval = "1 second"

/**
 * Repeats `sweep` in the background: at once while it says that there is more, and otherwise once a second or when
 * woken. Whatever goes wrong in one sweep, even a bug, the next one comes: nobody else looks after these payments.
 */
export const sweepForever = <E, R>(
  name: string,
  sweep: (wake: Effect.Effect<void>) => Effect.Effect<boolean, E, R>
): Effect.Effect<Effect.Effect<void>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const wakes = yield* Queue.sliding<void>(1)
    const wake = Effect.asVoid(Queue.offer(wakes, undefined))
    const loop = Effect.gen(function* () {
      const swept = yield* Effect.exit(sweep(wake))
      yield* complain(`${name} could not sweep`, swept)
      if (Exit.isFailure(swept) || !swept.value) yield* Effect.timeoutOption(Queue.take(wakes), interval)
    })
    yield* Effect.forkScoped(Effect.forever(loop))
    return wake
  })
