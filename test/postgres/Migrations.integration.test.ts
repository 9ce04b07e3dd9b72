import { randomUUID } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { inject } from "vitest"
import { createDatabase, dropDatabase, type LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { migrate } from "../../src/postgres/Migrations.ts"
import { seedHistory } from "../support/History.ts"
import { address, until } from "./Pools.ts"

const released = readdirSync("migrations").toSorted()

/** A database with nothing in it, and a client for the test's own SQL. */
const empty = Effect.gen(function* () {
  const { server } = inject("postgres")
  const connection = yield* Effect.acquireRelease(createDatabase(server, `empty_${randomUUID()}`), ({ database }) =>
    Effect.ignore(dropDatabase(server, database))
  )
  const sql = yield* Effect.provide(PgClient.make({ ...connection, maxConnections: 3 }), Reactivity.layer)
  return { connection, sql }
})

/** A directory with these files. */
const directoryOf = (files: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = mkdtempSync(join(tmpdir(), "migrations-"))
      write(path, files)
      return path
    }),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )

const write = (path: string, files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
}

const run = (connection: LocalDatabase, directory: string) =>
  migrate(connection, directory).pipe(Effect.provide(Logger.layer([])))

const fails = <A, E, R>(migration: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(migration), (error): { _tag: string; file?: string; message: string } => {
    const { _tag, file, message } = Object(error)
    return { _tag, message, ...(file === undefined ? {} : { file }) }
  })

const recorded = (sql: PgClient.PgClient) =>
  Effect.map(sql`SELECT file FROM schema_migrations ORDER BY file`, (rows) => rows.map(({ file }) => file))

const relation = (sql: PgClient.PgClient, name: string) =>
  Effect.map(sql`SELECT to_regclass(${name})::text AS name`, ([row]) => row?.name)

const tables = { "0001_one.sql": "CREATE TABLE one (id int);", "0002_two.sql": "CREATE TABLE two (id int);" }
const filled = { "0001_one.sql": "CREATE TABLE one AS SELECT 1 AS id FROM generate_series(1, 2);" }
const uniqueIndex = { "0002_index.unwrapped.sql": "CREATE UNIQUE INDEX CONCURRENTLY one_id ON one (id);" }
const index = { "0002_index.unwrapped.sql": "CREATE INDEX CONCURRENTLY one_id ON one (id);" }

const isValid = (sql: PgClient.PgClient) =>
  Effect.map(sql`SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('one_id')`, ([row]) => row?.indisvalid)

layer(NodeServices.layer, { excludeTestServices: true })("Migrations", (it) => {
  it.effect("bring an empty database up to date, once", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      assert.deepStrictEqual(yield* run(connection, "migrations"), released)
      assert.deepStrictEqual(yield* run(connection, "migrations"), [])
      assert.deepStrictEqual(yield* recorded(sql), released)
    })
  )

  it.effect("keep the payments of an older schema, and what follows from them", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const older = released
        .filter((file) => file < "0007")
        .map((file) => [file, readFileSync(`migrations/${file}`, "utf8")])
      yield* run(connection, yield* directoryOf(Object.fromEntries(older)))
      yield* Effect.provideService(seedHistory("a", 3), SqlClient.SqlClient, sql)
      yield* sql`INSERT INTO payments (id, merchant_id, environment, type, first_status, currency, amount, authorized,
          calls, metadata, expires_at)
        SELECT gen_random_uuid(), id, 'test', 'authorization', 'approved', 'USD', 50, 50, 0, '{}', now() FROM merchants`
      const kept = sql`SELECT id, status, capturable, refundable, held, amount FROM payments ORDER BY id`
      const before = yield* kept
      assert.sameMembers([...new Set(before.map(({ status }) => status))], ["captured", "authorized"])
      yield* run(connection, "migrations")
      assert.deepStrictEqual(yield* kept, before)
      yield* sql`UPDATE payments SET refunded = 40 WHERE type = 'sale'`
      const [refunded] = yield* sql`SELECT DISTINCT status, refundable FROM payments WHERE type = 'sale'`
      assert.deepStrictEqual(refunded, { status: "partially_refunded", refundable: 60 })
    })
  )

  it.effect("start TRAN_NBR somewhere else in each database", () =>
    Effect.gen(function* () {
      const starts = yield* Effect.forEach([1, 2, 3], () =>
        Effect.gen(function* () {
          const { connection, sql } = yield* empty
          yield* run(connection, "migrations")
          const [row] = yield* sql`SELECT nextval('tran_nbr')::text AS start`
          return row?.start
        })
      )
      assert.strictEqual(new Set(starts).size, 3)
    })
  )

  it.effect("are applied once by ten processes that start together", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const applied = yield* Effect.all(
        Array.from({ length: 10 }, () => run(connection, "migrations")),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(applied.flat().toSorted(), released)
      assert.deepStrictEqual(yield* recorded(sql), released)
    })
  )

  it.effect("are refused as a whole when one that was applied has changed", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const directory = yield* directoryOf({ "0002_two.sql": tables["0002_two.sql"] })
      yield* run(connection, directory)
      write(directory, { "0001_one.sql": tables["0001_one.sql"], "0002_two.sql": "CREATE TABLE two (id bigint);" })
      const error = yield* fails(run(connection, directory))
      assert.deepInclude(error, { _tag: "MigrationRefused", file: "0002_two.sql" })
      assert.include(error.message, "0002_two.sql was changed after it was applied")
      assert.isNull(yield* relation(sql, "one"))
    })
  )

  it.effect("have names and texts that can be trusted", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const wrong = [
        "1_one.sql",
        "0001-one.sql",
        "0001_One.sql",
        "0001_it's.sql",
        "0001_.sql",
        "one.sql",
        "0001_a.b.sql"
      ]
      const files = [...wrong.map((name) => [name, "SELECT 1"]), ["0001_one.sql", "SELECT $file$ $file$"]]
      for (const [name = "", text = ""] of files) {
        const error = yield* fails(run(connection, yield* directoryOf({ [name]: text })))
        assert.deepInclude(error, { _tag: "MigrationRefused", file: name })
      }
      assert.isNull(yield* relation(sql, "schema_migrations"))
      assert.deepStrictEqual(yield* run(connection, yield* directoryOf({ "README.md": "", ".swp": "" })), [])
    })
  )

  it.effect("leave nothing of a file that fails, and say which and why", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const broken = { "0002_two.sql": "CREATE TABLE two (id int);\nINSERT INTO two VALUES (1);\nSELECT 1 / 0;" }
      const directory = yield* directoryOf({ ...tables, ...broken, "0003_three.sql": "CREATE TABLE three (id int);" })
      assert.deepStrictEqual(yield* fails(run(connection, directory)), {
        _tag: "MigrationRefused",
        file: "0002_two.sql",
        message: "0002_two.sql was not applied: division by zero"
      })
      assert.deepStrictEqual(yield* recorded(sql), ["0001_one.sql"])
      assert.deepStrictEqual([yield* relation(sql, "two"), yield* relation(sql, "three")], [null, null])

      write(directory, tables)
      assert.deepStrictEqual(yield* run(connection, directory), ["0002_two.sql", "0003_three.sql"])
    })
  )

  it.effect("do not mind a newer process that was here before", () =>
    Effect.gen(function* () {
      const { connection } = yield* empty
      yield* run(connection, yield* directoryOf(tables))
      const older = yield* directoryOf({ "0001_one.sql": tables["0001_one.sql"] })
      assert.deepStrictEqual(yield* run(connection, older), [])
    })
  )

  it.effect("may take longer than the statements of the service", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      yield* sql.unsafe(`ALTER DATABASE "${connection.database}" SET statement_timeout = 50`)
      const directory = yield* directoryOf({ "0001_slow.sql": "SELECT pg_sleep(0.2)" })
      assert.deepStrictEqual(yield* run(connection, directory), ["0001_slow.sql"])
    })
  )

  it.effect("build an index beside a process that waits for its turn and a transaction that is open", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const directory = yield* directoryOf({ ...tables, ...filled })
      yield* run(connection, directory)
      write(directory, index)
      const isOpen = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const open = yield* Effect.forkChild(
        sql.withTransaction(
          sql`SELECT txid_current(), count(*) FROM one`.pipe(
            Effect.andThen(Deferred.succeed(isOpen, undefined)),
            Effect.andThen(Deferred.await(end))
          )
        )
      )
      yield* Deferred.await(isOpen)
      const both = yield* Effect.forkChild(
        Effect.all([run(connection, directory), run(connection, directory)], { concurrency: "unbounded" })
      )
      const building = sql`SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'CREATE INDEX%' AND wait_event = 'virtualxid'`
      yield* until(building, ({ length }) => length === 1)
      yield* Effect.sleep("300 millis")
      assert.isUndefined(both.pollUnsafe())
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(open)
      assert.deepStrictEqual((yield* Fiber.join(both)).flat(), ["0002_index.unwrapped.sql"])
      assert.isTrue(yield* isValid(sql))
    })
  )

  it.effect("build anew an index whose build was cut short", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const directory = yield* directoryOf({ ...filled, ...uniqueIndex })
      const error = yield* fails(run(connection, directory))
      assert.deepInclude(error, { _tag: "MigrationRefused", file: "0002_index.unwrapped.sql" })
      assert.include(error.message, 'could not create unique index "one_id"')
      assert.isFalse(yield* isValid(sql))

      yield* sql`DELETE FROM one`
      assert.deepStrictEqual(yield* run(connection, directory), ["0002_index.unwrapped.sql"])
      assert.isTrue(yield* isValid(sql))
    })
  )

  it.effect("run nothing outside a transaction but the build of one index", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const [build] = Object.values(index)
      const texts = [
        "CREATE INDEX one_id ON one (id)",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_id ON one (id)",
        `${build} DROP TABLE one;`,
        `DROP TABLE one; ${build}`
      ]
      for (const text of texts) {
        const directory = yield* directoryOf({ ...filled, "0002_index.unwrapped.sql": text })
        assert.deepInclude(yield* fails(run(connection, directory)), {
          _tag: "MigrationRefused",
          file: "0002_index.unwrapped.sql"
        })
      }
      assert.strictEqual(yield* relation(sql, "one"), "one")
    })
  )

  it.effect("give way to the next process when theirs dies", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const directory = yield* directoryOf({ "0001_slow.sql": "CREATE TABLE one (id int); SELECT pg_sleep(30);" })
      const dying = yield* Effect.forkChild(fails(run(connection, directory)))
      const runner = sql`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'DO %'`
      yield* until(runner, ({ length }) => length === 1)
      const waiting = yield* Effect.forkChild(run(connection, yield* directoryOf(tables)))
      yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
        AND query LIKE 'DO %'`
      assert.deepStrictEqual(yield* Fiber.join(waiting), Object.keys(tables))
      // Not refused: the file may be good.
      assert.strictEqual((yield* Fiber.join(dying))._tag, "SqlError")
    })
  )

  it.effect("are given up when another process does not come to an end, or when interrupted", () =>
    Effect.gen(function* () {
      const { connection, sql } = yield* empty
      const sessions = sql`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'payment-service migrations'`
      yield* Effect.scoped(
        Effect.gen(function* () {
          const holder = yield* Effect.provide(PgClient.makeClient(connection), Reactivity.layer)
          yield* holder`SELECT pg_advisory_lock(hashtext('payment-service migrations'))`
          const interrupted = yield* Effect.forkChild(run(connection, "migrations"))
          yield* TestClock.withLive(until(sessions, ({ length }) => length === 1))
          yield* Fiber.interrupt(interrupted)
          yield* TestClock.withLive(until(sessions, ({ length }) => length === 0))

          const waiting = yield* Effect.forkChild(fails(run(connection, "migrations")))
          // Or the minutes would be over for its attempt to connect.
          yield* TestClock.withLive(until(sessions, ({ length }) => length === 1))
          const minute = Effect.andThen(TestClock.adjust("1 minute"), TestClock.withLive(Effect.sleep("5 millis")))
          yield* Effect.repeat(minute, { until: () => waiting.pollUnsafe() !== undefined })
          const error = yield* Fiber.join(waiting)
          assert.strictEqual(error._tag, "MigrationsBusy")
          assert.include(error.message, "Another process has been applying migrations for 10m")
        })
      )
      assert.deepStrictEqual(yield* TestClock.withLive(run(connection, "migrations")), released)
    }).pipe(Effect.provide(TestClock.layer()))
  )

  it.effect("wait for a Postgres that is not there yet", () =>
    Effect.gen(function* () {
      const { connection: there } = yield* empty
      const { connect, connection } = yield* address(there)
      const waiting = yield* Effect.forkChild(Effect.exit(run(connection, "migrations")))
      yield* Effect.sleep("100 millis")
      yield* connect(there)
      assert.deepStrictEqual(yield* Fiber.join(waiting), Exit.succeed(released))
    })
  )
})
