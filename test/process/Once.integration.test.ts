import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { callsOf, received } from "./Books.ts"
import { paymentOf, sell } from "./Shop.ts"
import { Stand } from "./Stand.ts"

const inParallel = { concurrency: "unbounded" } as const

layer(Stand.layer, { excludeTestServices: true })("one key", (it) => {
  it.effect(
    "is charged once, whether requests come to one process or to two",
    () =>
      Effect.gen(function* () {
        const { sql, start } = yield* Stand
        const [first, second] = [yield* start(), yield* start()]
        const counts = [
          { key: "one-process", services: [first, first], length: 25, lingers: false },
          { key: "two-processes", services: [first, second], length: 25, lingers: false },
          // Each process has looked before the other has written.
          { key: "two-slow-ones", services: [first, second], length: 2, lingers: true }
        ]
        for (const { key, length, lingers, services } of counts) {
          if (lingers) {
            yield* sql`CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$`
            yield* sql`CREATE TRIGGER linger BEFORE INSERT ON transactions FOR EACH ROW EXECUTE FUNCTION linger()`
          }
          const asked = services.flatMap(({ access }) =>
            Array.from({ length }, () => sell(access, { key, amount: 500, allow_duplicate: lingers }))
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
