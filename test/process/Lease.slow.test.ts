import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { becomes, reaches, received, standing } from "./Books.ts"
import { sell } from "./Shop.ts"
import { Stand } from "./Stand.ts"

const charges = [
  { key: "booked", effect: "TIMEOUT_AFTER", end: "reversed" },
  { key: "never-booked", effect: "TIMEOUT_BEFORE", end: "failed" }
]

// Crash.integration.test.ts shows the same in seconds by moving the rows in time.
layer(Stand.layer, { excludeTestServices: true })("a service killed between send and settle, in real time", (it) => {
  it.effect(
    "is followed by one that takes the charges over within the lease and five seconds, and ends them",
    () =>
      Effect.gen(function* () {
        const { simulator, start } = yield* Stand
        const first = yield* start()
        for (const { effect, key } of charges) {
          yield* simulator.scenarios.add({ effect })
          yield* Effect.forkChild(Effect.exit(sell(first.access, { key, amount: 1_000 })))
          yield* reaches(key)
        }
        yield* first.signal("SIGKILL")
        yield* first.ended
        yield* start()

        const ends = yield* Effect.forEach(charges, ({ end, key }) => Effect.forkChild(Effect.timed(becomes(key, end))))
        const [lease] = yield* Effect.timed(becomes("never-booked", "unknown"))
        assert.isBelow(Duration.toSeconds(lease), 50)
        for (const [index, { key }] of charges.entries()) {
          const fiber = ends[index]
          const [duration] = fiber === undefined ? assert.fail() : yield* Fiber.join(fiber)
          const [first, ...others] = yield* received(key)
          assert.deepStrictEqual([first, ...new Set(others)], ["CCE1", "CCE7"])
          assert.strictEqual(yield* standing(simulator, key), 0)
          yield* Effect.logInfo(`${key} came to its end ${Duration.format(duration)} after the restart`)
        }
        yield* Effect.logInfo(`taken over after ${Duration.format(lease)}`)
      }),
    180_000
  )
})
