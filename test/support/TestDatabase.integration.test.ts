import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { TestDatabase } from "./TestDatabase.ts"

layer(TestDatabase.layerClient)("TestDatabase", (it) => {
  it.effect("has the newest schema and no rows", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT count(*)::int AS rows FROM payments`
      assert.deepStrictEqual(rows, [{ rows: 0 }])
    })
  )

  it.effect("is not shared with another file, and is dropped at its end", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE only_here (id int)`
      const other = yield* Effect.gen(function* () {
        const otherSql = yield* SqlClient.SqlClient
        const { database } = yield* TestDatabase
        const tables = yield* otherSql`SELECT to_regclass('only_here')::text AS found`
        return { database, tables }
      }).pipe(Effect.provide(Layer.fresh(TestDatabase.layerClient)))

      assert.deepStrictEqual(other.tables, [{ found: null }])
      assert.deepStrictEqual(yield* sql`SELECT FROM pg_database WHERE datname = ${other.database}`, [])
    })
  )

  it.effect("leaves the template alone", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT datallowconn FROM pg_database WHERE datname = ${inject("postgres").template}`
      assert.deepStrictEqual(rows, [{ datallowconn: false }])
    })
  )
})
