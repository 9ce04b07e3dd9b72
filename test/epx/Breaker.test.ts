import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, Logger, Metric, type Scope } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { TestClock } from "effect/testing"
import { breakerStore, makeBreaker } from "../../src/epx/Breaker.ts"
import { notSent } from "../../src/epx/Exchange.ts"
import type { Answer, EpxResult } from "../../src/epx/Result.ts"

const answer: Answer = {
  responseCode: "00",
  networkResponse: null,
  authorizationCode: null,
  text: null,
  avs: null,
  avsMatch: null,
  cvv: null,
  cvvMatch: null,
  card: { brand: "visa", last4: "0002" },
  amountApproved: 1999,
  bric: null,
  networkTransactionId: null
}
const decline = { code: "51", category: "soft", message: "", retryable: true } as const
const approved: EpxResult = { _tag: "Replied", outcome: "approved", answer }
const declined: EpxResult = { _tag: "Replied", outcome: "declined", answer, decline }
const rejected: EpxResult = { _tag: "Replied", outcome: "rejected", answer, decline }
const refused: EpxResult = notSent("connect", "ECONNREFUSED")

const doubt = (reason: Extract<EpxResult, { _tag: "InDoubt" }>["reason"]): EpxResult => ({
  _tag: "InDoubt",
  reason,
  detail: "",
  answer: null
})
const silence = doubt("no_answer")

/** A breaker, the calls that it let through, and what it answered in one word. */
const make = Effect.map(makeBreaker, ({ guard, isOpen }) => {
  const made = { calls: 0 }
  const call = (result: EpxResult | Effect.Effect<EpxResult>) =>
    guard(
      "test",
      Effect.suspend(() => {
        made.calls++
        return Effect.isEffect(result) ? result : Effect.succeed(result)
      })
    ).pipe(Effect.map((ended) => (ended._tag === "NotSent" ? ended.reason : ended._tag)))
  const repeat = (result: EpxResult, times: number) =>
    Effect.forEach(Array.from({ length: times }), () => call(result), { discard: true })
  return { guard, made, call, repeat, isOpen: isOpen("test") }
})

const test = <A, E>(run: Effect.Effect<A, E, CircuitBreaker.CircuitBreakerStore | Scope.Scope>) =>
  run.pipe(Effect.provide(breakerStore), Effect.provideService(Metric.MetricRegistry, new Map()))

const state = Effect.map(Metric.snapshot, (metrics) =>
  metrics
    .filter(({ attributes, id }) => id === "epx_breaker_state" && attributes?.["environment"] === "test")
    .map((metric) => Object(metric.state).value)
)

describe("the circuit opens", () => {
  it.effect.each([refused, silence, doubt("unreadable")])("at the fifth failure in a row: $reason", (failure) =>
    test(
      Effect.gen(function* () {
        const { call, isOpen, made, repeat } = yield* make
        yield* repeat(approved, 1)
        yield* repeat(failure, 4)
        assert.isFalse(yield* isOpen)
        yield* repeat(failure, 1)
        assert.isTrue(yield* isOpen)
        assert.strictEqual(yield* call(approved), "breaker_open")
        assert.strictEqual(made.calls, 6)
      })
    )
  )

  it.effect("when half of the last twenty failed, and not on fewer than ten", () =>
    test(
      Effect.gen(function* () {
        const { isOpen, repeat } = yield* make
        for (const _ of Array(4)) {
          yield* repeat(silence, 1)
          yield* repeat(approved, 1)
        }
        yield* repeat(silence, 1)
        assert.isFalse(yield* isOpen)
        yield* repeat(silence, 1)
        assert.isTrue(yield* isOpen)
      })
    )
  )

  it.effect("not for fewer than half, for as long as it goes on", () =>
    test(
      Effect.gen(function* () {
        const { call, repeat } = yield* make
        for (const _ of Array(50)) {
          yield* repeat(approved, 3)
          yield* repeat(silence, 2)
        }
        assert.strictEqual(yield* call(approved), "Replied")
      })
    )
  )

  it.effect("of one endpoint only", () =>
    test(
      Effect.gen(function* () {
        const { guard, repeat } = yield* make
        yield* repeat(silence, 5)
        assert.strictEqual((yield* guard("live", Effect.succeed(approved)))._tag, "Replied")
      })
    )
  )
})

describe("the circuit stays closed", () => {
  const harmless = [
    declined,
    rejected,
    ...(["mismatch", "unlisted_code", "undecided_code", "amount_differs", "duplicate"] as const).map(doubt),
    ...(["fence", "overload", "interrupted", "unconfigured"] as const).map((reason) => notSent(reason, ""))
  ]
  it.effect.each(harmless)("after a thousand times %j", (result) =>
    test(
      Effect.gen(function* () {
        const { isOpen, repeat } = yield* make
        yield* repeat(result, 1_000)
        assert.isFalse(yield* isOpen)
      })
    )
  )

  it.effect("when clients go away", () =>
    test(
      Effect.gen(function* () {
        const { call, isOpen } = yield* make
        for (const _ of Array(100)) {
          yield* Fiber.interrupt(yield* Effect.forkChild(call(Effect.never), { startImmediately: true }))
        }
        assert.isFalse(yield* isOpen)
      })
    )
  )

  it.effect("when what we held back ourselves comes between failures, which are still in a row", () =>
    test(
      Effect.gen(function* () {
        const { isOpen, repeat } = yield* make
        for (const _ of Array(5)) {
          yield* repeat(silence, 1)
          yield* repeat(notSent("overload", ""), 3)
        }
        assert.isTrue(yield* isOpen)
      })
    )
  )
})

describe("an open circuit", () => {
  it.effect("lets one call through after thirty seconds, and all of them when that one is answered", () =>
    test(
      Effect.gen(function* () {
        const { call, isOpen, made, repeat } = yield* make
        yield* repeat(silence, 5)
        yield* TestClock.adjust("29999 millis")
        assert.strictEqual(yield* call(approved), "breaker_open")
        yield* TestClock.adjust("1 millis")
        // Asking is not calling: the next call is let through all the same.
        assert.isFalse(yield* isOpen)
        assert.isFalse(yield* isOpen)
        const reply = yield* Deferred.make<EpxResult>()
        const probe = yield* Effect.forkChild(call(Deferred.await(reply)), { startImmediately: true })
        assert.isTrue(yield* isOpen)
        assert.strictEqual(yield* call(approved), "breaker_open")
        assert.deepStrictEqual(yield* state, [2])
        yield* Deferred.succeed(reply, declined)
        assert.strictEqual(yield* Fiber.join(probe), "Replied")
        assert.isFalse(yield* isOpen)
        yield* repeat(approved, 3)
        assert.strictEqual(made.calls, 9)
        assert.deepStrictEqual(yield* state, [0])
      })
    )
  )

  it.effect("stays open for another thirty seconds when that call fails too", () =>
    test(
      Effect.gen(function* () {
        const { call, isOpen, repeat } = yield* make
        yield* repeat(silence, 5)
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* call(refused), "connect")
        yield* TestClock.adjust("29999 millis")
        assert.isTrue(yield* isOpen)
        yield* TestClock.adjust("1 millis")
        assert.isFalse(yield* isOpen)
      })
    )
  )

  it.effect.each([Effect.never, Effect.succeed(notSent("overload", ""))])(
    "lets another through when that one went away or was held back (%#)",
    (probe) =>
      test(
        Effect.gen(function* () {
          const { call, repeat } = yield* make
          yield* repeat(silence, 5)
          yield* TestClock.adjust("30 seconds")
          const fiber = yield* Effect.forkChild(call(probe), { startImmediately: true })
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(yield* call(approved), "Replied")
          assert.deepStrictEqual(yield* state, [0])
        })
      )
  )

  it.effect("needs five new failures in a row after it was closed", () =>
    test(
      Effect.gen(function* () {
        const { isOpen, repeat } = yield* make
        yield* repeat(silence, 5)
        yield* TestClock.adjust("30 seconds")
        yield* repeat(approved, 1)
        yield* repeat(silence, 4)
        assert.isFalse(yield* isOpen)
      })
    )
  )

  it.effect("does not stay so because the wall clock was set back", () =>
    test(
      Effect.gen(function* () {
        const { call, repeat } = yield* make
        yield* repeat(silence, 5)
        yield* TestClock.adjust("30 seconds")
        const clock = yield* Clock.Clock
        const back: Clock.Clock = {
          ...clock,
          monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
          currentTimeMillisUnsafe: () => 0,
          currentTimeMillis: Effect.succeed(0)
        }
        assert.strictEqual(yield* Effect.provideService(call(approved), Clock.Clock, back), "Replied")
      })
    )
  )

  it.effect("is told once, and so is its end", () =>
    test(
      Effect.gen(function* () {
        const logs: Array<string> = []
        const logger = Logger.make(({ logLevel, message }) => void logs.push(`${logLevel} ${message}`))
        yield* Effect.gen(function* () {
          const { repeat } = yield* make
          assert.deepStrictEqual(yield* state, [0])
          yield* repeat(silence, 9)
          assert.deepStrictEqual(yield* state, [1])
          yield* TestClock.adjust("30 seconds")
          yield* repeat(approved, 9)
        }).pipe(Effect.provide(Logger.layer([logger])))
        assert.lengthOf(logs, 2)
        assert.match(logs[0] ?? "", /^Warn/)
        assert.match(logs[1] ?? "", /^Info/)
      })
    )
  )
})

describe("a call", () => {
  it.effect("that has begun goes on when the circuit opens, and keeps its result", () =>
    test(
      Effect.gen(function* () {
        const { call, isOpen, repeat } = yield* make
        const reply = yield* Deferred.make<EpxResult>()
        const slow = yield* Effect.forkChild(call(Deferred.await(reply)), { startImmediately: true })
        yield* repeat(silence, 5)
        yield* Deferred.succeed(reply, approved)
        assert.strictEqual(yield* Fiber.join(slow), "Replied")
        assert.isTrue(yield* isOpen)
      })
    )
  )

  it.effect("that began before the circuit opened does not count after it closed", () =>
    test(
      Effect.gen(function* () {
        const { call, isOpen, repeat } = yield* make
        const reply = yield* Deferred.make<EpxResult>()
        const slow = yield* Effect.forEach(Array(5), () =>
          Effect.forkChild(call(Deferred.await(reply)), { startImmediately: true })
        )
        yield* repeat(silence, 5)
        yield* TestClock.adjust("30 seconds")
        yield* repeat(approved, 1)
        yield* repeat(silence, 3)
        yield* Deferred.succeed(reply, silence)
        yield* Fiber.joinAll(slow)
        yield* repeat(silence, 1)
        assert.isFalse(yield* isOpen)
        yield* repeat(silence, 1)
        assert.isTrue(yield* isOpen)
      })
    )
  )

  it.effect("is made once, and its result kept, when its outcome cannot be recorded", () =>
    Effect.gen(function* () {
      const { call, made } = yield* make
      assert.strictEqual(yield* call(approved), "Replied")
      assert.strictEqual(made.calls, 1)
    }).pipe(Effect.provideServiceEffect(CircuitBreaker.CircuitBreakerStore, withStore({ record: () => broken })), test)
  )

  it.effect("is made once when nobody knows whether the circuit is open", () =>
    Effect.gen(function* () {
      const { call, isOpen, made } = yield* make
      assert.strictEqual(yield* call(approved), "Replied")
      assert.strictEqual(made.calls, 1)
      assert.isFalse(yield* isOpen)
    }).pipe(
      Effect.provideServiceEffect(
        CircuitBreaker.CircuitBreakerStore,
        withStore({ admit: () => broken, state: () => broken })
      ),
      test
    )
  )
})

const broken = Effect.fail(
  new CircuitBreaker.CircuitBreakerError({
    reason: new CircuitBreaker.CircuitBreakerStoreError({ message: "out of order" })
  })
)

const withStore = (faults: Partial<CircuitBreaker.CircuitBreakerStore["Service"]>) =>
  Effect.map(CircuitBreaker.CircuitBreakerStore, (store) => ({ ...store, ...faults }))
