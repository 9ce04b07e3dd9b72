import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Database } from "../../../src/postgres/Database.ts"
import { purgeGuardsStatement } from "../../../src/transactions/upkeep/UpkeepStatements.ts"
import { openPools } from "../../postgres/Pools.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

const seed = (count: number, since: string) =>
  Effect.flatMap(
    PgClient.PgClient,
    (sql) => sql`INSERT INTO duplicate_guards (merchant_id, fingerprint, payment_id, expires_at)
      SELECT gen_random_uuid(), sha256(n::text::bytea), gen_random_uuid(), now() - ${since}::text::interval
      FROM generate_series(1, ${count}::int4) AS n`
  )

const left = Effect.flatMap(PgClient.PgClient, (sql) =>
  Effect.map(sql`SELECT count(*)::int4 AS count FROM duplicate_guards`, ([row]) => row?.["count"])
)

/** As the service does it, in sessions of its own. */
const purge = (limit: number) =>
  Effect.flatMap(Database, ({ plain }) =>
    Effect.map(
      plain((sql) => purgeGuardsStatement(sql, limit)),
      ({ length }) => length
    )
  )

const WithPools = Layer.effect(Database, openPools()).pipe(Layer.provideMerge(TestDatabase.layerClient))

layer(WithPools, { excludeTestServices: true })("guards against duplicates", (it) => {
  it.effect("go a minute after they are over, no more at a time than they may, and no others", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`TRUNCATE duplicate_guards`
      yield* seed(5, "2 minutes")
      yield* seed(3, "30 seconds")
      yield* seed(2, "-5 minutes")
      const counts = [yield* purge(3), yield* purge(3), yield* purge(3)]
      assert.deepStrictEqual(counts, [3, 2, 0])
      assert.strictEqual(yield* left, 5)
      assert.lengthOf(yield* sql`SELECT FROM duplicate_guards WHERE expires_at < now() - interval '1 minute'`, 0)
    })
  )

  it.effect("stay where they are taken anew just then, and nobody waits for them", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`TRUNCATE duplicate_guards`
      yield* seed(2, "2 minutes")
      const removed = yield* Effect.andThen(
        sql`UPDATE duplicate_guards SET expires_at = now() + interval '10 minutes'
          WHERE ctid = (SELECT min(ctid) FROM duplicate_guards)`,
        Effect.timeout(purge(10), "1 second")
      ).pipe(sql.withTransaction)
      assert.strictEqual(removed, 1)
      assert.strictEqual(yield* purge(10), 0)
      assert.strictEqual(yield* left, 1)
    })
  )
})
