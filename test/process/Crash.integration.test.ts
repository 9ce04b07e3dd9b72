import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { becomes, callsOf, endLease, passTime, reaches, received, standing } from "./Books.ts"
import { until } from "./Program.ts"
import { payments, sell } from "./Shop.ts"
import { Stand } from "./Stand.ts"

const amount = 900

/** Kills a service that has sent these charges and has no answer yet. */
const killWhileItWaits = (effects: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { simulator, start } = yield* Stand
    const { access, ended, signal } = yield* start()
    for (const effect of effects) {
      yield* simulator.scenarios.add({ effect })
      yield* Effect.forkScoped(Effect.exit(sell(access, { key: effect, amount })))
      yield* reaches(effect)
    }
    yield* signal("SIGKILL")
    assert.strictEqual(yield* ended, "SIGKILL")
    for (const effect of effects) {
      const [charge, ...others] = yield* callsOf(effect)
      assert.strictEqual(charge?.status, "submitting")
      assert.isEmpty(others)
    }
  }).pipe(Effect.scoped)

/** Times, in seconds, of the reversals that EPX has answered with 25: it does not know the pair. */
const denials = (key: string) =>
  Effect.map(callsOf(key), (calls) =>
    calls.filter((call) => call.type === "reversal" && call.response_code === "25").map((call) => call.created_s)
  )

const span = (times: ReadonlyArray<number>) => Math.max(...times) - Math.min(...times)

/** A denial counts once another has followed a minute later, and nobody here waits for a minute. */
const passTimeUntilDecided = Effect.fnUntraced(function* (key: string) {
  const isDecided = Effect.map(callsOf(key), ([charge]) => charge?.status !== "unknown")
  let denied = yield* until(denials(key), (found) => found.length === 1)
  while (span(denied) < 60) {
    assert.isFalse(yield* isDecided)
    const { length } = denied
    yield* passTime(key, 20)
    denied = yield* until(denials(key), (found) => found.length > length)
  }
  yield* until(isDecided, (decided) => decided)
})

layer(Stand.layer, { excludeTestServices: true })("a service killed between send and settle", (it) => {
  it.effect(
    "leaves charges that its successor reverses where EPX booked them, and else proves not to have happened",
    () =>
      Effect.gen(function* () {
        const { simulator, start } = yield* Stand
        const booked = ["TIMEOUT_AFTER", "SLOW_30000"]
        const never = "TIMEOUT_BEFORE"
        const all = [...booked, never]
        yield* killWhileItWaits(all)
        for (const key of booked) assert.strictEqual(yield* standing(simulator, key), amount)
        assert.strictEqual(yield* standing(simulator, never), 0)

        const { access } = yield* start()
        // The reversals are kept waiting, so that the state before them can be seen.
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "SLOW_500", times: 3 })
        for (const key of all) yield* endLease(key)
        for (const key of all) yield* becomes(key, "unknown")
        assert.deepStrictEqual(
          (yield* payments(access)).map(({ status }) => status),
          ["unknown", "unknown", "unknown"]
        )
        for (const key of booked) yield* becomes(key, "reversed")
        yield* passTimeUntilDecided(never)
        assert.deepStrictEqual(
          (yield* payments(access)).map(({ status }) => status),
          ["failed", "reversed", "reversed"]
        )
        for (const key of booked) assert.deepStrictEqual(yield* received(key), ["CCE1", "CCE7"])
        const [first, ...others] = yield* received(never)
        assert.deepStrictEqual([first, ...new Set(others)], ["CCE1", "CCE7"])
        for (const key of all) assert.strictEqual(yield* standing(simulator, key), 0)
      }),
    30_000
  )
})
