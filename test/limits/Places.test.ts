import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { MerchantIds } from "../../src/domain/Ids.ts"
import { makePlaces } from "../../src/limits/Places.ts"
import { PlacesRepo, type Wanted } from "../../src/limits/PlacesRepo.ts"

const tenant = {
  merchantId: MerchantIds.fromUuid("01a2042c-fd7c-7000-8000-000000000001"),
  environment: "test"
} as const

type Answer = Effect.Effect<Option.Option<number>, DatabaseUnavailable>

/** Places of a database that answers as the test says, and everything that was asked of it. */
const places = Effect.gen(function* () {
  const asked: Array<number | "release"> = []
  const database = {
    lease: ({ places }: Wanted): Answer => Effect.succeedSome(places),
    release: Effect.void
  }
  const repo = PlacesRepo.of({
    lease: (wanted) =>
      Effect.suspend(() => {
        asked.push(wanted.places)
        return database.lease(wanted)
      }),
    release: () =>
      Effect.suspend(() => {
        asked.push("release")
        return database.release
      })
  })
  let now_ms = 0
  const { enter } = yield* makePlaces(1_000, () => now_ms).pipe(
    Effect.provideService(PlacesRepo, repo),
    Effect.provide(SecureRandom.layerWebCrypto)
  )
  // As the middleware calls it.
  const enterOne = Effect.uninterruptibleMask((restore) => enter(tenant, restore))
  return {
    asked,
    database,
    enter: (times: number) =>
      Effect.map(
        Effect.all(
          Array.from({ length: times }, () => enterOne),
          { concurrency: "unbounded" }
        ),
        (leaves) => leaves.filter((leave) => leave !== undefined)
      ),
    pass: (ms: number) =>
      Effect.suspend(() => {
        now_ms += ms
        return TestClock.adjust(ms)
      })
  }
})

const renewal_ms = 5_000

const leaveAll = (leaves: ReadonlyArray<() => void>) => {
  for (const leave of leaves) leave()
}

describe("ARCH-A8: the places of one process", () => {
  it.effect("are leased in growing blocks, and renewed for the most that were in use", () =>
    Effect.gen(function* () {
      const { asked, enter, pass } = yield* places
      const [first, ...others] = yield* enter(30)
      assert.deepStrictEqual(asked, [8, 16, 32])
      leaveAll(others)
      yield* pass(renewal_ms)
      assert.deepStrictEqual(asked.splice(0), [8, 16, 32, 38])
      yield* pass(renewal_ms)
      assert.deepStrictEqual(asked.splice(0), [9])
      first?.()
      yield* pass(renewal_ms)
      yield* pass(renewal_ms)
      assert.deepStrictEqual(asked, [9, "release"])
    })
  )

  it.effect("refuse nobody who comes during a renewal, and count everybody", () =>
    Effect.gen(function* () {
      const { asked, database, enter, pass } = yield* places
      const gate = yield* Deferred.make<void>()
      leaveAll(yield* enter(30))
      yield* enter(1)
      yield* pass(renewal_ms)
      const { lease } = database
      database.lease = (wanted) => Effect.andThen(Deferred.await(gate), lease(wanted))
      // Asks for nine, and 32 are leased still.
      asked.length = 0
      yield* pass(renewal_ms)
      assert.deepStrictEqual(asked, [9])
      const coming = yield* Effect.forkChild(enter(30), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      assert.lengthOf(yield* Fiber.join(coming), 30)
      assert.deepStrictEqual(asked, [9, 18, 36])
    })
  )

  it.effect("that nobody uses are given back, and leased anew by whoever comes meanwhile", () =>
    Effect.gen(function* () {
      const { asked, database, enter, pass } = yield* places
      const gate = yield* Deferred.make<void>()
      database.release = Deferred.await(gate)
      leaveAll(yield* enter(1))
      yield* pass(renewal_ms)
      yield* pass(renewal_ms)
      assert.deepStrictEqual(asked, [8, 9, "release"])
      const coming = yield* Effect.forkChild(enter(1), { startImmediately: true })
      assert.isUndefined(coming.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.lengthOf(yield* Fiber.join(coming), 1)
      assert.deepStrictEqual(asked, [8, 9, "release", 8])
    })
  )

  it.effect("are refused where all are taken, without asking again for a tenth of a second", () =>
    Effect.gen(function* () {
      const { asked, database, enter, pass } = yield* places
      database.lease = () => Effect.succeedSome(2)
      assert.lengthOf(yield* enter(5), 2)
      const before = asked.length
      assert.lengthOf(yield* enter(5), 0)
      assert.lengthOf(asked, before)
      yield* pass(100)
      database.lease = () => Effect.succeedSome(3)
      assert.lengthOf(yield* enter(1), 1)
    })
  )

  it.effect("are without bounds where the database fails in any way, and renewed all the same", () =>
    Effect.gen(function* () {
      for (const failure of [
        Effect.fail(new DatabaseUnavailable({ reason: "checkout" })),
        Effect.die(new Error("a defect")),
        Effect.succeedNone
      ]) {
        const { asked, database, enter, pass } = yield* places
        const { lease } = database
        database.lease = () => failure
        assert.lengthOf(yield* enter(50), 50)
        yield* pass(renewal_ms)
        database.lease = lease
        asked.length = 0
        yield* pass(renewal_ms)
        assert.deepStrictEqual(asked, [58])
      }
    })
  )

  it.effect("are waited for no longer than a fifth of a second", () =>
    Effect.gen(function* () {
      const { database, enter, pass } = yield* places
      database.lease = () => Effect.never
      const waiting = yield* Effect.forkChild(enter(5), { startImmediately: true })
      yield* pass(199)
      assert.isUndefined(waiting.pollUnsafe())
      yield* pass(1)
      assert.lengthOf(yield* Fiber.join(waiting), 5)
    })
  )

  it.effect("are not held by whoever has gone while it waited", () =>
    Effect.gen(function* () {
      const { database, enter } = yield* places
      const gate = yield* Deferred.make<void>()
      database.lease = () => Effect.as(Deferred.await(gate), Option.some(1))
      const gone = yield* Effect.forkChild(enter(1), { startImmediately: true })
      const interrupted = yield* Effect.forkChild(Fiber.interrupt(gone), { startImmediately: true })
      assert.isDefined(interrupted.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.lengthOf(yield* enter(2), 1)
    })
  )
})
