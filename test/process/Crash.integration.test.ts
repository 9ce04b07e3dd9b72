import { assert, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { becomes, callsOf, endLease, passTime, reaches, received, standing } from "./Books.ts"
import { until } from "./Program.ts"
import { paymentOf, payments, sell } from "./Shop.ts"
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

/** Memory for a service that has just begun, and for some dozens of requests of which each keeps a megabyte. */
const short = {
  NODE_OPTIONS: `--max-old-space-size=96 --import=${new URL("./Leak.ts", import.meta.url).href}`
}

/** Sells until no answer comes any more; returns the keys of what was asked for, with what was answered. */
const sellUntilItEnds = Effect.fnUntraced(function* ({ access, ended }: Effect.Success<ReturnType<Start>>) {
  const asked = new Map<string, string | undefined>()
  const sale = Effect.suspend(() => {
    const key = `load-${asked.size}`
    asked.set(key, undefined)
    return Effect.tap(Effect.exit(sell(access, { key, amount })), (answer) =>
      Effect.sync(() => {
        if (Exit.isSuccess(answer) && answer.value.status < 300) asked.set(key, paymentOf(answer.value).status)
      })
    )
  })
  const client = Effect.repeat(sale, { until: Exit.isFailure })
  const [ending] = yield* Effect.all([ended, client, client, client, client], { concurrency: "unbounded" })
  return { asked, ending }
})

type Start = Stand["Service"]["start"]

/** Brings a charge that a process has left behind to its end, whatever became of it at EPX. */
const decide = Effect.fnUntraced(function* (key: string) {
  const [charge] = yield* callsOf(key)
  if (charge === undefined || (charge.status !== "submitting" && charge.status !== "unknown")) return
  yield* endLease(key)
  const found = Effect.all({ calls: callsOf(key), denied: denials(key) })
  const { denied } = yield* until(
    found,
    ({ calls, denied }) => denied.length > 0 || !["submitting", "unknown"].includes(calls[0]?.status ?? "")
  )
  if (denied.length > 0) yield* passTimeUntilDecided(key)
})

layer(Stand.layer, { excludeTestServices: true })(
  "F-18, RM-CHAOS: a service that runs out of memory under load",
  (it) => {
    it.effect(
      "loses no money: what was answered stands, and its successor brings the rest to an end",
      () =>
        Effect.gen(function* () {
          const { simulator, start } = yield* Stand
          const { asked } = yield* Effect.gen(function* () {
            const service = yield* start(short)
            for (const [key, effect] of Object.entries({ slow: "SLOW_30000", lost: "TIMEOUT_BEFORE" })) {
              yield* simulator.scenarios.add({ effect })
              yield* Effect.forkScoped(Effect.exit(sell(service.access, { key, amount })))
              yield* reaches(key)
            }
            const { asked, ending } = yield* sellUntilItEnds(service)
            assert.strictEqual(ending, "SIGABRT", service.stderr())
            assert.include(service.stderr(), "out of memory")
            return { asked }
          }).pipe(Effect.scoped)
          const captured = [...asked].filter(([, status]) => status === "captured")
          assert.isAbove(captured.length, 8)

          yield* start()
          const keys = ["slow", "lost", ...asked.keys()]
          for (const key of keys) yield* decide(key)
          const became = new Map<string, string | undefined>()
          for (const key of keys) {
            const [charge] = yield* callsOf(key)
            became.set(key, charge?.status)
            assert.strictEqual(yield* standing(simulator, key), charge?.status === "approved" ? amount : 0, key)
          }
          assert.deepStrictEqual([became.get("slow"), became.get("lost")], ["reversed", "failed"])
          for (const [key] of captured) assert.strictEqual(became.get(key), "approved", key)
          // Nothing stands there that is not here.
          const all = (yield* simulator.transactions({})).reduce((sum, each) => sum + each.amount - each.released, 0)
          assert.strictEqual(all, amount * [...became.values()].filter((status) => status === "approved").length)
          assert.isEmpty(yield* simulator.doubleCharges())
        }),
      120_000
    )
  }
)
