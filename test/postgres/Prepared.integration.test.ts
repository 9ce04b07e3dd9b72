import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { prepared } from "../../src/postgres/Prepared.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

interface Sum {
  readonly one: number
  readonly other: number | null
  readonly bytes: Uint8Array
}

const sum = prepared<Sum>((sql, param) => {
  const one = param((input) => input.one)
  return sql`SELECT ${one}::int4 + coalesce(${param((input) => input.other)}::int4, ${one}::int4) AS total,
    length(${param((input) => input.bytes)}::bytea) AS size`
})

layer(TestDatabase.layerClient)("a prepared statement", (it) => {
  it.effect("runs with what each run brings", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const runs = [
        { one: 1, other: 2, bytes: new Uint8Array(3) },
        { one: 10, other: null, bytes: new Uint8Array(0) },
        { one: 5, other: -7, bytes: new Uint8Array(1) }
      ]
      const rows = yield* Effect.forEach(runs, (run) => sum(sql, run), { concurrency: "unbounded" })
      assert.deepStrictEqual(rows.flat(), [
        { total: 3, size: 3 },
        { total: 20, size: 0 },
        { total: -2, size: 1 }
      ])
      assert.strictEqual(
        sum(sql, runs[0] ?? assert.fail()).compile()[0],
        sum(sql, runs[1] ?? assert.fail()).compile()[0]
      )
    })
  )

  it.effect("takes no value that is not brought by each run", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const wrong = prepared<object>((sql) => sql`SELECT ${7}::int4 AS seven`)
      assert.throws(() => wrong(sql, {}), "A value of one run in a statement for all of them")
    })
  )
})
