import { Cause, Effect, Exit, Layer, Option } from "effect"
import { LeftoversRepo, leftoverTables, start } from "./LeftoversRepo.ts"

const pause = "10 seconds"

/** Rows that are looked at after each pause, of each table. */
const page = 1_000

/** Removes what limits have left behind, a page at a time, and from the beginning when it has come to the end. */
export const leftoversLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { removeBehind } = yield* LeftoversRepo
    const walk = Effect.fnUntraced(function* (table: (typeof leftoverTables)[number]) {
      let place = start
      for (;;) {
        yield* Effect.sleep(pause)
        const walked = yield* Effect.exit(Effect.withTracerEnabled(removeBehind(table, place, page), false))
        if (Exit.isSuccess(walked)) place = Option.getOrElse(walked.value, () => start)
        else if (!Cause.hasInterruptsOnly(walked.cause)) {
          // While the database is away, others say so.
          const tell = Cause.hasDies(walked.cause) ? Effect.logError : Effect.logDebug
          yield* tell(`Leftovers of ${table} could not be removed`, walked.cause)
        }
      }
    })
    for (const table of leftoverTables) yield* Effect.forkScoped(walk(table))
  })
)
