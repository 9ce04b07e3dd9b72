import { assert, describe, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { type ApiKeyId, ApiKeyIds } from "../../src/domain/Ids.ts"
import type { ApiKeysRepo } from "../../src/merchants/ApiKeysRepo.ts"
import { trackLastUse } from "../../src/merchants/LastUse.ts"

const first = ApiKeyIds.fromUuid("01970000-0000-7000-8000-000000000001")
const second = ApiKeyIds.fromUuid("01970000-0000-7000-8000-000000000002")

type Batch = ReadonlyArray<readonly [ApiKeyId, number]>

const recording = (answer: Effect.Effect<void, DatabaseUnavailable> = Effect.void) => {
  const batches: Array<Batch> = []
  const touch: ApiKeysRepo["Service"]["touch"] = (uses) =>
    Effect.suspend(() => {
      batches.push(Array.from(uses, ([id, at]) => [id, DateTime.toEpochMillis(at)] as const))
      return answer
    })
  return { batches, touch }
}

describe("LastUse", () => {
  it.effect("stores the last use of each key once a minute", () =>
    Effect.gen(function* () {
      const repo = recording()
      const note = yield* trackLastUse(repo)

      note(first, 0)
      yield* TestClock.adjust("30 seconds")
      note(first, 30_000)
      note(second, 30_000)
      assert.deepStrictEqual(repo.batches, [])
      yield* TestClock.adjust("90 seconds")

      assert.deepStrictEqual(repo.batches, [
        [
          [first, 30_000],
          [second, 30_000]
        ]
      ])
    })
  )

  it.effect("goes on after the database failed", () =>
    Effect.gen(function* () {
      const repo = recording(Effect.fail(new DatabaseUnavailable({ reason: "checkout" })))
      const note = yield* trackLastUse(repo)

      note(first, 0)
      yield* TestClock.adjust("1 minutes")
      note(second, 60_000)
      yield* TestClock.adjust("1 minutes")

      assert.deepStrictEqual(repo.batches, [[[first, 0]], [[second, 60_000]]])
    })
  )

  it.effect("loses nothing while the database takes long", () =>
    Effect.gen(function* () {
      const stuck = yield* Deferred.make<void>()
      const repo = recording(Deferred.await(stuck))
      const note = yield* trackLastUse(repo)
      note(first, 0)
      yield* TestClock.adjust("1 minutes")
      note(second, 60_000)
      yield* Deferred.succeed(stuck, undefined)
      yield* TestClock.adjust("1 minutes")

      assert.deepStrictEqual(repo.batches, [[[first, 0]], [[second, 60_000]]])
    })
  )

  it.effect("stores what is left when it ends", () =>
    Effect.gen(function* () {
      const repo = recording()
      const scope = yield* Scope.make()
      const note = yield* Scope.provide(trackLastUse(repo), scope)
      note(first, 0)

      yield* Scope.close(scope, Exit.void)

      assert.deepStrictEqual(repo.batches, [[[first, 0]]])
    })
  )
})
