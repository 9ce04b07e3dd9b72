import { DateTime, Effect, Schedule } from "effect"
import type { ApiKeyId } from "../domain/Ids.ts"
import type { ApiKeysRepo } from "./ApiKeysRepo.ts"

const flushing = Schedule.spaced("1 minute")

/**
 * Notes the uses of keys in memory and stores them once a minute, so that no request waits for it or fails by it.
 * Returns the function that notes one at this time, in milliseconds; what is not stored yet is stored when the scope
 * closes.
 */
export const trackLastUse = Effect.fnUntraced(function* (repo: Pick<ApiKeysRepo["Service"], "touch">) {
  const uses = new Map<ApiKeyId, number>()

  const flush = Effect.suspend(() => {
    if (uses.size === 0) return Effect.void
    const batch = new Map(Array.from(uses, ([id, millis]) => [id, DateTime.makeUnsafe(millis)]))
    uses.clear()
    return Effect.catch(repo.touch(batch), (error) =>
      Effect.logWarning("The last use of API keys was not stored").pipe(
        Effect.annotateLogs({ keys: batch.size, reason: error.reason })
      )
    )
  })

  yield* Effect.addFinalizer(() => flush)
  yield* flush.pipe(Effect.schedule(flushing), Effect.forkScoped)

  return (id: ApiKeyId, millis: number): void => {
    uses.set(id, millis)
  }
})
