import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { leftoversLayer } from "../../src/limits/Leftovers.ts"
import { LeftoversRepo, leftoverTables, type Place, start } from "../../src/limits/LeftoversRepo.ts"
import { Database } from "../../src/postgres/Database.ts"
import { openPools } from "../postgres/Pools.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const WithRepo = LeftoversRepo.layer.pipe(
  Layer.provide(Layer.effect(Database, openPools())),
  Layer.provideMerge(TestDatabase.layerClient)
)

/** A row that was used so long ago, of each kind and environment of a merchant. */
const seed = Effect.fnUntraced(function* (merchants: number, since: string) {
  const sql = yield* PgClient.PgClient
  yield* sql`WITH m AS (INSERT INTO merchants (id, name) SELECT gen_random_uuid(), 'Shop'
      FROM generate_series(1, ${merchants}::int4) RETURNING id),
    l AS (INSERT INTO concurrency_leases SELECT id, 'test', gen_random_uuid(), 8, now() - ${since}::text::interval FROM m)
    INSERT INTO rate_limits SELECT id, side, kind, 1, 1, now() - ${since}::text::interval FROM m,
      (VALUES ('test'), ('live')) AS sides (side), (VALUES ('reads'), ('writes')) AS kinds (kind)`
})

const counts = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const [found] = yield* sql`SELECT (SELECT count(*) FROM rate_limits)::int4 AS limits,
    (SELECT count(*) FROM concurrency_leases)::int4 AS leases`
  return [found?.["limits"], found?.["leases"]]
})

const emptied = Effect.flatMap(PgClient.PgClient, (sql) => sql`TRUNCATE rate_limits, concurrency_leases`)

/** All of both tables, in pages. */
const walk = (rows: number) =>
  Effect.flatMap(LeftoversRepo, ({ removeBehind }) =>
    Effect.forEach(leftoverTables, (table) =>
      Effect.gen(function* () {
        let pages = 0
        for (let place: Place | undefined = start; place !== undefined; pages++) {
          place = Option.getOrUndefined(yield* removeBehind(table, place, rows))
        }
        return pages - 1
      })
    )
  )

layer(WithRepo, { excludeTestServices: true })("what limits leave behind", (it) => {
  it.effect("is removed once nobody has used it for long, page by page, and all else stays", () =>
    Effect.gen(function* () {
      yield* emptied
      yield* seed(5, "25 hours")
      yield* seed(2, "2 minutes")
      // Neither is over: it was used within a day, and a lease may have run out while its process was slow.
      yield* seed(3, "50 seconds")
      yield* seed(1, "-10 seconds")
      assert.deepStrictEqual(yield* counts, [44, 11])
      assert.deepStrictEqual(yield* walk(3), [15, 4])
      assert.deepStrictEqual(yield* counts, [24, 4])
      assert.deepStrictEqual(yield* walk(100), [1, 1])
      assert.deepStrictEqual(yield* counts, [24, 4])
    })
  )

  it.effect("is left to whoever holds it, without waiting for that, and stays where it is used again", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* emptied
      yield* seed(2, "2 days")
      yield* Effect.gen(function* () {
        yield* sql`UPDATE rate_limits SET refilled_at = now() WHERE kind = 'reads' AND environment = 'test'`
        yield* sql`UPDATE concurrency_leases SET expires_at = now() + interval '15 seconds'`
        yield* Effect.timeout(walk(100), "1 second")
      }).pipe(sql.withTransaction)
      yield* walk(100)
      assert.deepStrictEqual(yield* counts, [2, 2])
    })
  )
})

layer(Layer.empty)("in the background", (it) => {
  it.effect("each table is walked through again and again, whatever goes wrong", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const last = { ...start, merchant: "01a2042c-fd7c-766c-972a-9e5d917959a1" }
      const answers = [
        Effect.succeedSome(last),
        Effect.fail(new DatabaseUnavailable({ reason: "connection" })),
        Effect.die("broken"),
        Effect.succeedNone
      ]
      const repo = Layer.mock(LeftoversRepo)({
        removeBehind: (table, { merchant }, rows) =>
          Effect.suspend(() => {
            assert.strictEqual(rows, 1_000)
            if (table === "rate_limits") asked.push(merchant === last.merchant ? "behind" : "start")
            return answers[(asked.length - 1) % answers.length] ?? Effect.succeedNone
          })
      })
      yield* Layer.build(Layer.provide(leftoversLayer, repo))
      for (let n = 0; n < 5; n++) yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(asked, ["start", "behind", "behind", "behind", "start"])
    })
  )
})
