import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect } from "effect"

/** Collects all the garbage there is. What a finalizer lets go of goes with the second collection. */
export const collectGarbage = Effect.gen(function* () {
  // A flag of the command line would be there all the time, and not everything behaves alike with it.
  setFlagsFromString("--expose-gc")
  const collect: () => void = runInNewContext("gc")
  collect()
  yield* Effect.promise(() => new Promise(setImmediate))
  collect()
})
