import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { makeTimer } from "../../src/running/Timer.ts"

const start = Effect.gen(function* () {
  const timer = yield* makeTimer
  const over: Array<string> = []
  return { over, begin: (name: string, time_ms: number) => timer(time_ms, () => void over.push(name)) }
})

describe("a timer", () => {
  it.effect("calls when the time is over, the shortest first, whichever began first", () =>
    Effect.gen(function* () {
      const { begin, over } = yield* start
      begin("long", 3_000)
      begin("short", 1_000)
      begin("middle", 2_000)
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(over, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(over, ["short"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(over, ["short", "middle"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(over, ["short", "middle", "long"])
    })
  )

  it.effect("does not call once it was ended, and calls those after it all the same", () =>
    Effect.gen(function* () {
      const { begin, over } = yield* start
      const end = begin("ended", 1_000)
      begin("kept", 2_000)
      end()
      end()
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(over, ["kept"])
      begin("later", 1_000)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(over, ["kept", "later"])
    })
  )

  it.effect("may be set where another one calls", () =>
    Effect.gen(function* () {
      const timer = yield* makeTimer
      const over: Array<string> = []
      timer(1_000, () => {
        over.push("first")
        timer(500, () => void over.push("second"))
        timer(0, () => void over.push("at once"))
      })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(over, ["first", "at once"])
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(over, ["first", "at once", "second"])
    })
  )

  it.effect("goes on after a callback that fails, and tells of it", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => {
        lines.push(message)
        throw new Error("no log")
      })
      yield* Effect.gen(function* () {
        const timer = yield* makeTimer
        const over: Array<string> = []
        timer(1_000, () => {
          throw new Error("a bug")
        })
        timer(1_000, () => void over.push("beside it"))
        timer(2_000, () => void over.push("after it"))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(over, ["beside it"])
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(over, ["beside it", "after it"])
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(lines, [["What a time limit should end goes on"]])
    })
  )

  it.effect("does not call what another one has ended in the same moment", () =>
    Effect.gen(function* () {
      const timer = yield* makeTimer
      const over: Array<string> = []
      const ends: Array<() => void> = []
      timer(1_000, () => {
        over.push("first")
        for (const end of ends) end()
      })
      ends.push(timer(1_000, () => void over.push("second")))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(over, ["first"])
    })
  )

  it.effect("calls no more when its scope has closed", () =>
    Effect.gen(function* () {
      const { begin, over } = yield* Effect.scoped(start)
      begin("late", 1_000)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(over, [])
    })
  )

  it.effect("waits no longer because the wall clock was set back", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const wall = { isBack: false }
      const millis = () => clock.currentTimeMillisUnsafe() - (wall.isBack ? 3_600_000 : 0)
      const set: Clock.Clock = {
        ...clock,
        currentTimeMillisUnsafe: millis,
        currentTimeMillis: Effect.sync(millis),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        sleep: (duration) => clock.sleep(duration)
      }
      const { begin, over } = yield* Effect.provideService(start, Clock.Clock, set)
      begin("one", 1_000)
      wall.isBack = true
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(over, ["one"])
    })
  )
})
