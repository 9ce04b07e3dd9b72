import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Metric, Option } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { makeKeyCache } from "../../src/merchants/KeyCache.ts"
import { cacheRequests, cacheSize } from "../../src/telemetry/Metrics.ts"

const hash = "01".repeat(32)
const unavailable = new DatabaseUnavailable({ reason: "checkout" })

const alwaysCurrent = () => Effect.succeed({ isCurrent: () => true })

/** A look-up that counts its calls and answers with `answers`, the last one for ever. */
const counting = <A>(...answers: ReadonlyArray<Effect.Effect<A, DatabaseUnavailable>>) => {
  const state = { calls: 0, hashes: [] as string[] }
  const lookUp = (given: string) =>
    Effect.suspend(() => {
      state.hashes.push(given)
      const answer = answers[Math.min(state.calls++, answers.length - 1)]
      return answer ?? Effect.die("no answer")
    })
  return { state, lookUp }
}

describe("KeyCache", () => {
  it.effect("asks once a minute for what is there", () =>
    Effect.gen(function* () {
      const { lookUp, state } = counting(Effect.succeed(Option.some("key")))
      const cache = yield* makeKeyCache(lookUp, alwaysCurrent)

      assert.deepStrictEqual(yield* cache.get(hash), Option.some("key"))
      yield* TestClock.adjust("59 seconds")
      yield* cache.get(hash)
      assert.strictEqual(state.calls, 1)
      yield* TestClock.adjust("1 seconds")
      yield* cache.get(hash)
      assert.strictEqual(state.calls, 2)
      assert.strictEqual(state.hashes[0], hash)
    })
  )

  it.effect("keeps neither a miss nor a failure", () =>
    Effect.gen(function* () {
      const { lookUp, state } = counting<Option.Option<string>>(
        Effect.succeed(Option.none()),
        Effect.fail(unavailable),
        Effect.succeed(Option.some("key"))
      )
      const cache = yield* makeKeyCache(lookUp, alwaysCurrent)

      assert.deepStrictEqual(yield* cache.get(hash), Option.none())
      assert.strictEqual(yield* Effect.flip(cache.get(hash)), unavailable)
      assert.deepStrictEqual(yield* cache.get(hash), Option.some("key"))
      assert.strictEqual(state.calls, 3)
    })
  )

  it.effect("asks once for many who want the same", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<Option.Option<string>>()
      const { lookUp, state } = counting(Deferred.await(answer))
      const cache = yield* makeKeyCache(lookUp, alwaysCurrent)
      const callers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(cache.get(hash)))
      yield* Effect.yieldNow

      yield* Deferred.succeed(answer, Option.some("key"))

      const found = yield* Effect.forEach(callers, Fiber.join)
      assert.deepStrictEqual(found, Array(50).fill(Option.some("key")))
      assert.strictEqual(state.calls, 1)
    })
  )

  it.effect("lets no more than eight look-ups run at once", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const running = { now: 0, most: 0 }
      const cache = yield* makeKeyCache(
        () =>
          Effect.sync(() => {
            running.most = Math.max(running.most, ++running.now)
          }).pipe(
            Effect.andThen(Deferred.await(gate)),
            Effect.ensuring(Effect.sync(() => running.now--)),
            Effect.as(Option.none<string>())
          ),
        alwaysCurrent
      )
      const callers = yield* Effect.forEach(Array.from({ length: 100 }), (_, index) =>
        Effect.forkChild(cache.get(`${index}`.padStart(64, "0")))
      )
      yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(callers, Fiber.join)

      assert.strictEqual(running.most, 8)
    })
  )

  it.effect("forgets everything, even what is still being looked up", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<Option.Option<string>>()
      const { lookUp, state } = counting(Deferred.await(answer), Effect.succeed(Option.some("new")))
      const cache = yield* makeKeyCache(lookUp, alwaysCurrent)
      const early = yield* Effect.forkChild(cache.get(hash))
      yield* Effect.yieldNow

      yield* cache.forgetAll
      yield* Deferred.succeed(answer, Option.some("old"))
      yield* Fiber.join(early)

      assert.deepStrictEqual(yield* cache.get(hash), Option.some("new"))
      assert.strictEqual(state.calls, 2)
    })
  )

  it.effect("believes what it keeps only while it would hear of a change, and keeps nothing meanwhile", () =>
    Effect.gen(function* () {
      const { lookUp, state } = counting(Effect.succeed(Option.some("key")))
      const hearing = { isCurrent: true, onChange: Effect.void as Effect.Effect<void> }
      const cache = yield* makeKeyCache(lookUp, (onChange) => {
        hearing.onChange = onChange
        return Effect.succeed({ isCurrent: () => hearing.isCurrent })
      })
      const calls = Effect.as(cache.get(hash), state)

      yield* calls
      assert.strictEqual((yield* calls).calls, 1)
      yield* hearing.onChange
      assert.strictEqual((yield* calls).calls, 2)
      hearing.isCurrent = false
      assert.strictEqual((yield* calls).calls, 3)
      assert.strictEqual((yield* calls).calls, 4)
      hearing.isCurrent = true
      assert.strictEqual((yield* calls).calls, 5)
      assert.strictEqual((yield* calls).calls, 5)
    })
  )

  it.effect("asks once for many who want the same, even while it hears nothing", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<Option.Option<string>>()
      const { lookUp, state } = counting(Deferred.await(answer))
      const cache = yield* makeKeyCache(lookUp, () => Effect.succeed({ isCurrent: () => false }))
      const callers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(cache.get(hash)))
      yield* Effect.yieldNow

      yield* Deferred.succeed(answer, Option.some("key"))

      yield* Effect.forEach(callers, Fiber.join)
      assert.strictEqual(state.calls, 1)
    })
  )

  it.effect("looks again over a connection that was cut, and not where Postgres has no time", () =>
    Effect.gen(function* () {
      const cut = Effect.fail(new DatabaseUnavailable({ reason: "connection" }))
      const mended = counting<Option.Option<string>>(cut, cut, Effect.succeed(Option.some("key")))
      const found = yield* Effect.forkChild((yield* makeKeyCache(mended.lookUp, alwaysCurrent)).get(hash))
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(yield* Fiber.join(found), Option.some("key"))

      const busy = counting<Option.Option<string>>(Effect.fail(unavailable))
      const cache = yield* makeKeyCache(busy.lookUp, alwaysCurrent)
      assert.strictEqual(yield* Effect.flip(cache.get(hash)), unavailable)
      assert.strictEqual(busy.state.calls, 1)
    })
  )

  it.effect("lets nobody wait for a turn longer than for a connection", () =>
    Effect.gen(function* () {
      const cache = yield* makeKeyCache(() => Effect.never, alwaysCurrent)
      const callers = yield* Effect.forEach(Array.from({ length: 9 }), (_, index) =>
        Effect.forkChild(cache.get(`${index}`.padStart(64, "0")))
      )
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(callers[8]?.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const error = yield* Effect.flip(Fiber.join(callers[8] ?? assert.fail()))
      assert.deepStrictEqual([error._tag, error.reason], ["DatabaseUnavailable", "checkout"])
    })
  )

  it.effect("counts hits, misses and entries", () =>
    Effect.gen(function* () {
      const count = (result: string) =>
        Effect.map(Metric.value(cacheRequests({ cache: "api_keys", result })), (state) => state.count)
      const [hitsBefore, missesBefore] = [yield* count("hit"), yield* count("miss")]
      const { lookUp } = counting(Effect.succeed(Option.some("key")))
      const cache = yield* makeKeyCache(lookUp, alwaysCurrent)

      yield* cache.get(hash)
      yield* cache.get(hash)
      yield* cache.get(hash)

      assert.strictEqual((yield* count("hit")) - hitsBefore, 2)
      assert.strictEqual((yield* count("miss")) - missesBefore, 1)
      const size = yield* Metric.value(Metric.withAttributes(cacheSize, { cache: "api_keys" }))
      assert.strictEqual(size.value, 1)
    })
  )
})
