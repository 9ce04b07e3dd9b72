import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { callsOf, received } from "./Books.ts"
import { paymentOf, sell } from "./Shop.ts"
import { Stand } from "./Stand.ts"

const inParallel = { concurrency: "unbounded" } as const

layer(Stand.layer, { excludeTestServices: true })("one key", (it) => {
  it.effect(
    "is charged once, whether 50 requests come to one process or to two",
    () =>
      Effect.gen(function* () {
        const { start } = yield* Stand
        const [first, second] = [yield* start(), yield* start()]
        const counts = [
          { key: "one-process", services: [first, first] },
          { key: "two-processes", services: [first, second] }
        ]
        for (const { key, services } of counts) {
          const asked = services.flatMap(({ access }) =>
            Array.from({ length: 25 }, () => sell(access, { key, amount: 500 }))
          )
          const answers = yield* Effect.all(asked, inParallel)
          const paid = answers.map(paymentOf)
          assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
          assert.strictEqual(new Set(paid.map(({ id }) => id)).size, 1)
          assert.deepStrictEqual(new Set(paid.map(({ status }) => status)), new Set(["captured"]))
          assert.lengthOf(
            answers.filter(({ isReplayed }) => !isReplayed),
            1
          )
          assert.deepStrictEqual(yield* received(key), ["CCE1"])
          assert.lengthOf(yield* callsOf(key), 1)
        }
      }),
    30_000
  )
})
