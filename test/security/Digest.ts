import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

/** Every table of the database, also those that come later. */
export const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ readonly name: string }>`SELECT c.relname::text AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'
      -- Without the leases of limits, which every request may take.
      AND c.relpersistence = 'p' ORDER BY 1`
  return rows.map(({ name }) => name)
})

/** One line a table that changes when any of its rows does. When a key was last used is no change of state. */
export const digest = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const lines = (yield* tables).map(
    (name) => sql`SELECT ${name}::text AS name, count(*)::int AS rows,
      md5(coalesce(string_agg(row, '|' ORDER BY row), '')) AS digest
      FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${sql(name)} t) r`
  )
  return yield* sql`${sql.join(" UNION ALL ", false)(lines)}`
})

/** The request must change no row and reach nobody. */
export const changesNothing = <E, R>(request: Effect.Effect<HttpAnswer, E, R>) =>
  Effect.gen(function* () {
    const { simulator } = yield* TestService
    const before = [yield* digest, (yield* simulator.requests()).length]
    const answer = yield* request
    assert.deepStrictEqual([yield* digest, (yield* simulator.requests()).length], before)
    return answer
  })
