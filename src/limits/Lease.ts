import { Effect, Exit, Option } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"

/** What was leased; undefined where nobody could say, whatever the reason: a limit must not be what fails a request. */
export const leaseOf = <A>(asked: Effect.Effect<Option.Option<A>, DatabaseUnavailable>): Effect.Effect<A | undefined> =>
  Effect.flatMap(Effect.exit(asked), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.succeed(Option.getOrUndefined(exit.value))
    return Effect.as(Effect.logDebug("A limit could not be asked for", exit.cause), undefined)
  })

/**
 * Whether the flight has ended while a request can wait for it; it goes on all the same. Of a server that is silent it
 * takes seconds to let go.
 */
export const patiently = (flight: Effect.Effect<void>): Effect.Effect<boolean> =>
  Effect.map(Effect.timeoutOption(flight, patience), Option.isSome)

/** Twice of it, the soft answer and what follows must fit into the deadline of a request. */
const patience = "200 millis"
