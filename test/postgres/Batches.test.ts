import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Exit, Fiber, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { type BatchOptions, fewCommits, makeBatches } from "../../src/postgres/Batches.ts"

interface Order {
  readonly name: string
  readonly kind?: string
  readonly claims?: ReadonlyArray<string>
}

/** Statements that end when they are told to, and what each was given. */
const database = Effect.fnUntraced(function* (
  answer: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, DatabaseUnavailable> = Effect.succeed
) {
  const statements: Array<{ readonly names: ReadonlyArray<string>; readonly end: Effect.Effect<unknown> }> = []
  const options: BatchOptions<Order, string> = {
    run: (orders) =>
      Effect.gen(function* () {
        const names = orders.map(({ name }) => name)
        const gate = yield* Deferred.make<void>()
        statements.push({ names, end: Deferred.succeed(gate, undefined) })
        yield* Deferred.await(gate)
        return yield* answer(names)
      }),
    idOf: ({ name }) => name,
    rowIdOf: (row) => row,
    mayRepeat: true,
    few: fewCommits,
    kindOf: ({ kind = "usual" }) => kind,
    claimsOf: ({ claims = [] }) => claims
  }
  const { age_ms, ask } = yield* makeBatches(options)
  const start = (order: Order | string) =>
    Effect.forkChild(ask(typeof order === "string" ? { name: order } : order), { startImmediately: true })
  return {
    start,
    age_ms,
    names: () => statements.map(({ names }) => names.join("")),
    end: (index: number) => Effect.andThen(statements[index]?.end ?? Effect.die(index), settle)
  }
})

const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow, { discard: true })

const isInterrupted = (fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean => {
  const exit = fiber?.pollUnsafe()
  return exit !== undefined && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
}

const some = (name: string) => Exit.succeed(Option.some(name))
const failed = (reason: DatabaseUnavailable["reason"]) => Exit.fail(new DatabaseUnavailable({ reason }))

describe("a group commit", () => {
  it.effect("lets nobody wait while few ask, and then carries out together what has come meanwhile", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      const fibers = yield* Effect.forEach([..."abcdef"], start)
      yield* settle
      assert.deepStrictEqual(names(), ["a", "b"])
      yield* end(1)
      assert.deepStrictEqual(names(), ["a", "b", "cdef"])
      assert.deepStrictEqual(fibers[1]?.pollUnsafe(), some("b"))
      assert.isUndefined(fibers[0]?.pollUnsafe())
      yield* end(0)
      yield* end(2)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits, [..."abcdef"].map(some))
    })
  )

  it.effect("takes 32 at most, the longest waiting first", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      const letters = Array.from({ length: 40 }, (_, index) => String.fromCharCode(65 + index))
      yield* Effect.forEach(letters, start)
      yield* settle
      yield* end(0)
      yield* end(1)
      yield* end(2)
      assert.deepStrictEqual(names(), ["A", "B", letters.slice(2, 34).join(""), letters.slice(34).join("")])
    })
  )

  it.effect("waits for a statement of many, which makes the next one larger, and for none of few", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      yield* Effect.forEach([..."abcdef"], start)
      yield* settle
      yield* end(0)
      yield* end(1)
      assert.deepStrictEqual(names(), ["a", "b", "cdef"])
      yield* Effect.forEach([..."ghi"], start)
      yield* settle
      assert.lengthOf(names(), 3)
      yield* end(2)
      assert.deepStrictEqual(names().slice(3), ["ghi"])
      yield* start("j")
      yield* settle
      assert.deepStrictEqual(names().slice(3), ["ghi", "j"])
    })
  )

  it.effect("puts neither different kinds nor those that share something into one statement, and forgets none", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      const orders = [
        { name: "c", claims: ["k"] },
        { name: "d", kind: "other" },
        { name: "e", claims: ["k", "l"] },
        { name: "f", claims: ["l"] },
        { name: "g" },
        { name: "h", kind: "other", claims: ["k"] }
      ]
      const fibers = yield* Effect.forEach(["a", "b", ...orders], start)
      yield* settle
      yield* end(0)
      assert.deepStrictEqual(names().slice(2), ["cfg"])
      yield* end(1)
      assert.deepStrictEqual(names().slice(2), ["cfg", "dh"])
      for (const index of [2, 3, 4]) yield* end(index)
      assert.deepStrictEqual(names().slice(4), ["e"])
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.await), [..."abcdefgh"].map(some))
    })
  )

  it.effect("tells each what became of its own: no row, nothing done", () =>
    Effect.gen(function* () {
      const { end, start } = yield* database((names) =>
        Effect.succeed(names.filter((name) => name !== "d").toReversed())
      )
      const fibers = yield* Effect.forEach([..."abcde"], start)
      yield* settle
      for (const index of [0, 1, 2]) yield* end(index)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.slice(2), [some("c"), Exit.succeed(Option.none()), some("e")])
    })
  )

  it.effect("repeats one by one what was refused because of one of them, or met its lock", () =>
    Effect.gen(function* () {
      for (const because of [Effect.die("refused"), failed("lock"), failed("canceled")]) {
        const { end, names, start } = yield* database((names) =>
          names.includes("d") ? because : Effect.succeed(names)
        )
        const fibers = yield* Effect.forEach([..."abcde"], start)
        yield* settle
        for (const index of [0, 1, 2, 3, 4, 5]) yield* end(index)
        assert.deepStrictEqual(names(), ["a", "b", "cde", "c", "d", "e"])
        const [, , c, d, e] = yield* Effect.forEach(fibers, Fiber.await)
        assert.deepStrictEqual([c, e], [some("c"), some("e")])
        assert.deepStrictEqual(d, yield* Effect.exit(because))
      }
    })
  )

  it.effect("repeats nothing that may have been done", () =>
    Effect.gen(function* () {
      for (const reason of ["connection", "timeout", "checkout"] as const) {
        const { end, names, start } = yield* database((names) =>
          names.length > 1 ? failed(reason) : Effect.succeed(names)
        )
        const fibers = yield* Effect.forEach([..."abcd"], start)
        yield* settle
        for (const index of [0, 1, 2]) yield* end(index)
        assert.deepStrictEqual(names(), ["a", "b", "cd"])
        assert.deepStrictEqual(yield* Effect.forEach(fibers.slice(2), Fiber.await), [failed(reason), failed(reason)])
      }
    })
  )

  it.effect("begins others beside statements that are slow, but not without end", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      const slow = Array.from({ length: 16 }, (_, index) => String.fromCharCode(65 + index))
      for (const name of slow) {
        yield* start(name)
        yield* TestClock.adjust("200 millis")
      }
      assert.deepStrictEqual(names(), slow)
      const fibers = yield* Effect.forEach([..."xyz"], start)
      yield* TestClock.adjust("1900 millis")
      assert.lengthOf(names(), 16)
      yield* end(15)
      assert.deepStrictEqual(names().slice(16), ["xyz"])
      yield* end(16)
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.await), [..."xyz"].map(some))
      // Whatever has become slow makes room once, not again when it ends.
      for (const index of slow.keys()) yield* end(index)
      yield* Effect.forEach([..."abc"], start)
      yield* settle
      assert.deepStrictEqual(names().slice(17), ["a", "b"])
    })
  )

  it.effect("begins nothing for whoever has waited too long, and says at once that nothing was done", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      for (const name of "abcdefghijklmnop") {
        yield* start(name)
        yield* TestClock.adjust("200 millis")
      }
      const late = yield* start("X")
      yield* TestClock.adjust("1500 millis")
      const inTime = yield* start("Y")
      yield* TestClock.adjust("400 millis")
      assert.isUndefined(late.pollUnsafe())
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(late.pollUnsafe(), failed("checkout"))
      yield* end(0)
      assert.deepStrictEqual(names().slice(16), ["Y"])
      yield* end(16)
      assert.deepStrictEqual(yield* Fiber.await(inTime), some("Y"))
    })
  )

  it.effect("says how long the longest waiting has waited, of those whose statement has not begun", () =>
    Effect.gen(function* () {
      const { age_ms, end, start } = yield* database()
      yield* Effect.forEach([..."ab"], start)
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(age_ms(), 0)
      yield* start("c")
      yield* TestClock.adjust("30 millis")
      yield* start("d")
      yield* TestClock.adjust("10 millis")
      assert.strictEqual(age_ms(), 40)
      yield* end(0)
      assert.strictEqual(age_ms(), 0)
    })
  )

  it.effect("lets nobody wait longer because the wall clock was set back", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const wall = { isBack: false }
      const millis = () => clock.currentTimeMillisUnsafe() - (wall.isBack ? 3_600_000 : 0)
      const set: Clock.Clock = {
        currentTimeMillisUnsafe: millis,
        currentTimeMillis: Effect.sync(millis),
        currentTimeNanosUnsafe: () => BigInt(millis()) * 1_000_000n,
        currentTimeNanos: Effect.sync(() => BigInt(millis()) * 1_000_000n),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: (duration) => clock.sleep(duration)
      }
      const late = yield* Effect.gen(function* () {
        const { start } = yield* database()
        for (const name of "abcdefghijklmnop") {
          yield* start(name)
          yield* Effect.provideService(TestClock.adjust("200 millis"), Clock.Clock, clock)
        }
        const late = yield* start("X")
        yield* settle
        return late
      }).pipe(Effect.provideService(Clock.Clock, set))
      yield* TestClock.adjust("1 second")
      wall.isBack = true
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(late.pollUnsafe(), failed("checkout"))
    })
  )

  it.effect("takes a statement that cannot be made for that of one of them", () =>
    Effect.gen(function* () {
      const { ask } = yield* makeBatches<Order, string>({
        run: (orders) => {
          if (orders.some(({ name }) => name === "c")) throw new Error("no such statement")
          return Effect.delay(Effect.succeed(orders.map(({ name }) => name)), "10 millis")
        },
        idOf: ({ name }) => name,
        rowIdOf: (row) => row,
        mayRepeat: true,
        few: fewCommits,
        kindOf: () => "usual",
        claimsOf: () => []
      })
      const fibers = yield* Effect.forEach([..."abcd"], (name) =>
        Effect.forkChild(ask({ name }), { startImmediately: true })
      )
      yield* settle
      yield* TestClock.adjust("100 millis")
      const [a, b, c, d] = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual([a, b, d], [some("a"), some("b"), some("d")])
      assert.isTrue(c !== undefined && Exit.hasDies(c))
    })
  )

  it.effect("leaves nobody waiting when it closes, and says of each what is known", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { names, start } = yield* Scope.provide(database(), scope)
      const fibers = yield* Effect.forEach([..."abc"], start)
      yield* settle
      yield* Scope.close(scope, Exit.void)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits, [failed("connection"), failed("connection"), failed("checkout")])
      assert.deepStrictEqual(yield* Fiber.await(yield* start("d")), failed("checkout"))
      assert.deepStrictEqual(names(), ["a", "b"])
    })
  )

  it.effect("drops who goes away while waiting; a statement on its way is left to its end", () =>
    Effect.gen(function* () {
      const { end, names, start } = yield* database()
      const [first, second, third, fourth] = yield* Effect.forEach([..."abcd"], start)
      yield* settle
      for (const fiber of [first, third]) if (fiber !== undefined) yield* Fiber.interrupt(fiber)
      yield* end(0)
      assert.deepStrictEqual(names(), ["a", "b", "d"])
      yield* end(1)
      yield* end(2)
      const exits = yield* Effect.forEach([second, fourth], (fiber) => Fiber.await(fiber ?? assert.fail()))
      assert.deepStrictEqual(exits, [some("b"), some("d")])
      assert.deepStrictEqual([first, third].map(isInterrupted), [true, true])
    })
  )
})
