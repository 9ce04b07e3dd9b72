import { randomUUID } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestDatabase } from "../support/TestDatabase.ts"
import { zones } from "../support/Zones.ts"

/** Times of day in a zone that stands beside them, and no instants. */
const withoutZone = ["terminals.settlement_cutoff"]

/** SQL that says something else in a session of another zone. */
const ofSession =
  /\b(?:current_date|current_time|localtime|localtimestamp)\b|(?<!AT TIME ZONE \w+\))::(?:date|timestamp)\b|\btimestamp '/i

layer(TestDatabase.layerClient)("what the database knows of time", (it) => {
  it.effect("FIX-1: is an instant with its zone in every column, but for the time of day of a cut-off", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const columns = yield* sql<{ readonly name: string; readonly type: string }>`
        SELECT table_name || '.' || column_name AS name, data_type AS type FROM information_schema.columns
        WHERE table_schema = 'public'`
      const ofTime = columns.filter(({ type }) => /^(?:date|time|interval)/.test(type))
      const zoned = ofTime.filter(({ type }) => type === "timestamp with time zone").map(({ name }) => name)
      assert.isAbove(zoned.length, 20)
      assert.sameMembers(
        ofTime.filter(({ name }) => !zoned.includes(name)).map(({ name }) => name),
        withoutZone
      )
      // One that is called as an instant is, and is a text or a number.
      const called = columns.map(({ name }) => name).filter((name) => /_(?:at|until)$|\.send_by$/.test(name))
      assert.sameMembers(called, zoned)
    })
  )

  it.effect("TZ-VERIFY: has no default, rule or function that depends on the zone of a session", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const defaults = yield* sql`SELECT DISTINCT column_default AS value FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type ~ '^(date|time|interval)' AND column_default IS NOT NULL`
      assert.deepStrictEqual(defaults, [{ value: "now()" }])
      const rules = yield* sql<{ readonly text: string }>`
        SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT prosrc FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
          SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
        )`
      assert.isAbove(rules.length, 20)
      assert.deepStrictEqual(
        rules.filter(({ text }) => ofSession.test(text)),
        []
      )
    })
  )

  it("TZ-VERIFY: is asked for by no statement as a session's own date or time", () => {
    // The simulator has no database, and fields of EPX that are called so.
    const files = globSync("src/**/*.ts", { exclude: ["src/simulator/**"] })
    assert.isAbove(files.length, 100)
    assert.deepStrictEqual(
      files.filter((path) => ofSession.test(readFileSync(path, "utf8"))),
      []
    )
    for (const text of ["now()::date", "SELECT LOCALTIMESTAMP", "timestamp '2026-01-15'"]) assert.match(text, ofSession)
    assert.notMatch("(now() AT TIME ZONE settlement_zone)::date", ofSession)
  })

  it.effect("BONUS: is the same instant whatever the zone of the session that wrote or reads it", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const instant = new Date("2026-03-08T07:30:00.123Z")
      const kept = (zone: string) =>
        Effect.gen(function* () {
          yield* sql`SELECT set_config('timezone', ${zone}, true)`
          const id = randomUUID()
          yield* sql`INSERT INTO merchants (id, name, created_at) VALUES (${id}, 'Shop', ${instant})`
          const [row] = yield* sql`SELECT created_at, updated_at = now() AS is_now, now() AS now FROM merchants
            WHERE id = ${id}`
          yield* sql`SELECT set_config('timezone', 'UTC', true)`
          const [later] = yield* sql`SELECT created_at FROM merchants WHERE id = ${id}`
          assert.isBelow(Math.abs(Number(row?.["now"]) - Date.now()), 60_000)
          return [row?.["created_at"], row?.["is_now"], later?.["created_at"]]
        }).pipe(sql.withTransaction)
      for (const zone of ["Etc/UTC", ...zones])
        assert.deepStrictEqual(yield* kept(zone), [instant, true, instant], zone)
    })
  )
})
