import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Logger } from "effect"
import { SqlError } from "effect/sql"
import { TestClock } from "effect/testing"
import { isOutage, isRefusal, whenUp } from "../../src/postgres/Outage.ts"

const props = (cause: unknown) => ({ cause, message: "PgConnection: Failed to connect", operation: "connect" })
const state = (code: string) =>
  new SqlError.SqlError({ reason: new SqlError.UnknownError(props(Object.assign(new Error("no"), { code }))) })
const refused = new SqlError.SqlError({
  reason: new SqlError.ConnectionError(props(new Error("connect ECONNREFUSED")))
})
const wrongPassword = new SqlError.SqlError({ reason: new SqlError.AuthenticationError(props(new Error("password"))) })

/** Fails this many times, and says how often it was asked. */
const contactAfter = (failures: number, error = refused) => {
  const calls = { count: 0 }
  const contact = Effect.suspend(() => (++calls.count > failures ? Effect.succeed("up") : Effect.fail(error)))
  return { calls, contact }
}

/** The lines written meanwhile. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const lines: Array<unknown> = []
  const logger = Logger.make(({ message }) => lines.push(...[message].flat()))
  return Effect.as(Effect.provide(effect, Logger.layer([logger])), lines)
}

const outages = ["53300", "53200", "53100", "57P01", "57P02", "57P03", "57P05", "58030", "25006", "25P03", "25P04"]

describe("isOutage", () => {
  it.each(outages)("holds for %s", (code) => {
    assert.isTrue(isOutage(state(code)))
  })

  // A missing database, bad data, a feature Postgres lacks, two rows where one may be, a bug of Postgres; and no code.
  it.each(["3D000", "22P02", "0A000", "21000", "XX000", ""])("does not hold for %j", (code) => {
    assert.isFalse(isOutage(state(code)))
  })

  it("holds for a lost connection, not for a wrong password", () => {
    assert.isTrue(isOutage(refused))
    assert.isFalse(isOutage(wrongPassword))
  })
})

describe("isRefusal", () => {
  it.each(["22P02", "23514", "42P01", ""])("holds for %j", (code) => {
    assert.isTrue(isRefusal(state(code)))
  })

  it.each([...outages, "3D000", "40001", "XX000"])("does not hold for %s", (code) => {
    assert.isFalse(isRefusal(state(code)))
  })

  it("tells by what the driver calls it, too", () => {
    const unique = new SqlError.UniqueViolation({ ...props(new Error("no")), constraint: "one" })
    assert.isTrue(isRefusal(new SqlError.SqlError({ reason: unique })))
    assert.isTrue(isRefusal(new SqlError.SqlError({ reason: new SqlError.SqlSyntaxError(props(new Error("no"))) })))
    for (const error of [refused, wrongPassword]) assert.isFalse(isRefusal(error))
  })
})

describe("whenUp", () => {
  it.effect("asks once, and says nothing, when Postgres is there", () =>
    Effect.gen(function* () {
      const { calls, contact } = contactAfter(0)
      assert.deepStrictEqual(yield* logged(whenUp(contact)), [])
      assert.strictEqual(calls.count, 1)
    })
  )

  it.effect("waits for one that comes up, and says so at every attempt", () =>
    Effect.gen(function* () {
      const { calls, contact } = contactAfter(4, state("57P03"))
      const waiting = yield* Effect.forkChild(logged(whenUp(contact)))
      yield* TestClock.adjust("3700 millis")
      assert.strictEqual(calls.count, 4)
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(yield* Fiber.join(waiting), Array(4).fill("Waiting for Postgres"))
      assert.strictEqual(calls.count, 5)
    })
  )

  it.effect("asks at least every five seconds, and gives up after a minute with the reason", () =>
    Effect.gen(function* () {
      const { calls, contact } = contactAfter(Number.POSITIVE_INFINITY)
      const waiting = yield* Effect.forkChild(Effect.flip(whenUp(contact)))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      assert.isAtLeast(calls.count, 12)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(
        (yield* Fiber.join(waiting)).message,
        "Postgres did not answer for 60 seconds: connect ECONNREFUSED"
      )
    })
  )

  it.effect("does not wait for a password to become right", () =>
    Effect.gen(function* () {
      const { calls, contact } = contactAfter(1, wrongPassword)
      assert.strictEqual(yield* Effect.flip(whenUp(contact)), wrongPassword)
      assert.strictEqual(calls.count, 1)
    })
  )

  it.effect("can be interrupted while it waits", () =>
    Effect.gen(function* () {
      const { calls, contact } = contactAfter(Number.POSITIVE_INFINITY)
      const waiting = yield* Effect.forkChild(whenUp(contact))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(waiting)
      const { count } = calls
      yield* TestClock.adjust(Duration.minutes(2))
      assert.strictEqual(calls.count, count)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(waiting)))
    })
  )
})

describe("isRefusal", () => {
  it.each(["22P02", "23514", "42P01", ""])("holds for %j, which waiting does not mend", (code) => {
    assert.isTrue(isRefusal(state(code)))
  })

  // What a running service cannot know better than to try again: else a settle would be given up for it.
  it.each(["57P03", "25006", "58030", "XX000", "53300", "0A000"])("does not hold for %j", (code) => {
    assert.isFalse(isRefusal(state(code)))
  })

  it("does not hold for a lost connection or a changed password", () => {
    assert.isFalse(isRefusal(refused))
    assert.isFalse(isRefusal(wrongPassword))
  })
})
