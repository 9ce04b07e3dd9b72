import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Database } from "../../src/postgres/Database.ts"
import { Indexes } from "../../src/postgres/Indexes.ts"
import { seedHistory } from "../support/History.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { openPools } from "./Pools.ts"

const indexesLayer = Indexes.layer.pipe(
  Layer.provide(Layer.effect(Database, openPools())),
  Layer.provideMerge(TestDatabase.layerClient)
)

layer(indexesLayer)("the list of indexes", (it) => {
  it.effect("IDX-SIZE: tells how large each is, the largest first", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { list } = yield* Indexes
      const before = new Map((yield* list).map((each) => [each.index, each.size_bytes]))
      yield* seedHistory("a", 2_000)
      const after = yield* list
      const [sizes] = yield* sql`SELECT sum(pg_relation_size(indexrelid))::int4 AS sum, count(*)::int4 AS count
        FROM pg_stat_user_indexes`
      assert.strictEqual(
        after.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
        sizes?.["sum"]
      )
      assert.lengthOf(after, Number(sizes?.["count"]))
      const ordered = after.map(({ size_bytes }) => size_bytes)
      assert.deepStrictEqual(
        ordered,
        ordered.toSorted((a, b) => b - a)
      )
      const list_ = after.find(({ index }) => index === "payments_list") ?? assert.fail()
      assert.isAbove(list_.size_bytes, before.get("payments_list") ?? 0)
      assert.deepInclude(list_, { table: "payments", is_unique: false, is_valid: true })
      assert.isAbove(list_.table_size_bytes, list_.size_bytes)
    })
  )

  it.effect("IDX-MON: tells how often each was used, and how much of it was in memory", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { list } = yield* Indexes
      const known = (name: string) =>
        Effect.map(list, (indexes) => indexes.find(({ index }) => index === name) ?? assert.fail(name))
      const [before, unused] = [yield* known("merchants_pkey"), yield* known("audit_events_action")]
      assert.deepStrictEqual([unused.scans, unused.rows_read, unused.hit_ratio], [0, 0, null])
      // What a session has counted it tells when it is told to.
      yield* Effect.gen(function* () {
        yield* sql`SET LOCAL enable_seqscan = off`
        for (const _ of [1, 2, 3]) yield* sql`SELECT id FROM merchants ORDER BY id LIMIT 1`
        yield* sql`SELECT pg_stat_force_next_flush()`
      }).pipe(sql.withTransaction)
      const after = yield* known("merchants_pkey")
      assert.isAtLeast(after.scans - before.scans, 3)
      assert.isAtLeast(after.hit_ratio ?? 0, 0.5)
      assert.strictEqual((yield* known("audit_events_action")).scans, 0)
    })
  )
})
