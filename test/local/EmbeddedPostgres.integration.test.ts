import { spawn } from "node:child_process"
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PgConnection } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Schedule, Scope } from "effect"
import type { EmbeddedPostgresOptions } from "../../src/local/EmbeddedPostgres.ts"
import { hold } from "../../src/local/Hold.ts"
import {
  DataDirectories,
  end,
  holds,
  open,
  postmasterPid,
  processesOf,
  query,
  startHolder,
  workplace
} from "./Workplace.ts"

const createTable = "CREATE TABLE kept AS SELECT generate_series(1, 10000) AS id"
const countRows = "SELECT count(*)::int AS rows FROM kept"
const allRows = [{ rows: 10_000 }]

layer(DataDirectories.layer, { excludeTestServices: true })("EmbeddedPostgres", (it) => {
  describe("start and stop", () => {
    it.effect("is durable, has the statistics extension and listens on a private socket only", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        const { server } = yield* open({ dataDirectory, settings: { work_mem: "5MB" } })
        const settings = yield* query(
          server,
          `SELECT name, setting FROM pg_settings WHERE name IN
          ('fsync', 'listen_addresses', 'shared_preload_libraries', 'work_mem') ORDER BY name`
        )
        assert.deepStrictEqual(settings, [
          { name: "fsync", setting: "on" },
          { name: "listen_addresses", setting: "" },
          { name: "shared_preload_libraries", setting: "pg_stat_statements" },
          { name: "work_mem", setting: "5120" }
        ])
        yield* query(server, "CREATE EXTENSION pg_stat_statements")
        assert.strictEqual(statSync(server.host).mode & 0o077, 0)
        // A process group of its own: otherwise this throws.
        process.kill(-postmasterPid(dataDirectory), 0)
      })
    )

    it.effect("creates a database once, whoever asks", () =>
      Effect.gen(function* () {
        const postgres = yield* open({ dataDirectory: yield* (yield* DataDirectories).copy })
        const create = postgres.createDatabase("app")
        const made = yield* Effect.all([create, create, create], { concurrency: "unbounded" })
        for (const { database } of made) assert.strictEqual(database, "app")
      })
    )

    it.effect("drops a database with somebody in it", () =>
      Effect.gen(function* () {
        const postgres = yield* open({ dataDirectory: yield* (yield* DataDirectories).copy })
        const app = yield* postgres.createDatabase('odd "name"')
        yield* Effect.forkScoped(query(app, "SELECT pg_sleep(60)"))
        yield* postgres.dropDatabase('odd "name"')
        assert.deepStrictEqual(yield* query(postgres.server, "SELECT FROM pg_database WHERE datname LIKE 'odd%'"), [])
      })
    )

    it.effect("recovers every committed row after the postmaster was killed", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        yield* Effect.gen(function* () {
          const { server } = yield* open({ dataDirectory })
          yield* query(server, createTable)
          process.kill(postmasterPid(dataDirectory), "SIGKILL")
        }).pipe(Effect.scoped)

        const { server } = yield* open({ dataDirectory })
        assert.deepStrictEqual(yield* query(server, countRows), allRows)
      })
    )

    it.effect("is not confused by a pid file whose pid belongs to another program now", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        yield* Effect.gen(function* () {
          yield* open({ dataDirectory })
          process.kill(postmasterPid(dataDirectory), "SIGKILL")
        }).pipe(Effect.scoped)
        const [, ...rest] = readFileSync(join(dataDirectory, "postmaster.pid"), "utf8").split("\n")
        // Postgres trusts a pid of its own user only.
        const { uid, gid } = statSync(dataDirectory)
        const stranger = yield* Effect.acquireRelease(
          Effect.sync(() => spawn("sleep", ["60"], { uid, gid })),
          (sleeping) => Effect.sync(() => sleeping.kill())
        )
        writeFileSync(join(dataDirectory, "postmaster.pid"), [stranger.pid, ...rest].join("\n"))

        const { server } = yield* open({ dataDirectory })
        assert.deepStrictEqual(yield* query(server, "SELECT 1 AS one"), [{ one: 1 }])
      })
    )
  })

  describe("several processes", () => {
    it.effect("takes over the server of a killed process, and stops it", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        const holder = yield* startHolder(dataDirectory)
        yield* holds(holder)
        const orphan = postmasterPid(dataDirectory)
        yield* end(holder, "SIGKILL")

        yield* Effect.gen(function* () {
          yield* open({ dataDirectory })
          assert.strictEqual(postmasterPid(dataDirectory), orphan)
        }).pipe(Effect.scoped)
        assert.deepStrictEqual(processesOf(dataDirectory), [])
      })
    )

    it.effect("leaves the server to the other holder, whoever started it, until that one ends", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        const first = yield* Scope.make()
        yield* open({ dataDirectory }).pipe(Scope.provide(first))
        const pid = postmasterPid(dataDirectory)

        const second = yield* startHolder(dataDirectory)
        yield* holds(second)
        yield* Scope.close(first, Exit.void)
        assert.strictEqual(postmasterPid(dataDirectory), pid)
        assert.include(processesOf(dataDirectory), pid)

        yield* end(second, "SIGINT")
        assert.deepStrictEqual(
          processesOf(dataDirectory).filter((left) => left !== second.pid),
          []
        )
      })
    )

    it.effect("ends at once beside another holder", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        yield* open({ dataDirectory })
        const visit = yield* Scope.make()
        yield* open({ dataDirectory }).pipe(Scope.provide(visit))
        const [duration] = yield* Effect.timed(Scope.close(visit, Exit.void))
        // Sessions that may be about to end are waited for that long; a holder is not.
        assert.isBelow(Duration.toMillis(duration), 1_000)
      })
    )

    it.effect("has given up its hold when it ends, not some time later", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        const { server } = yield* open({ dataDirectory })
        const observer = yield* PgConnection.make(server)
        const postmaster = { pid: postmasterPid(dataDirectory), socketDirectory: server.host, port: server.port }
        const holders = Effect.scoped(hold(postmaster)).pipe(
          Effect.andThen(observer.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")),
          Effect.map(({ rowCount }) => rowCount)
        )
        const counts = yield* Effect.replicateEffect(holders, 30)
        assert.deepStrictEqual(new Set(counts), new Set([1]))
      })
    )

    it.effect("waits while a leaving process decides, and stops the server even after its own session was lost", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        yield* Effect.gen(function* () {
          const { server } = yield* open({ dataDirectory })
          const leaving = yield* PgConnection.make(server)
          const held = "SELECT objid::int, pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
          const { rows } = yield* leaving.query(held)
          yield* leaving.query(`SELECT pg_advisory_lock(${rows[0]?.objid})`)

          const coming = yield* Effect.forkChild(Effect.scoped(open({ dataDirectory })))
          yield* leaving
            .query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            .pipe(Effect.repeat({ until: ({ rowCount }) => rowCount === 1, schedule: Schedule.spaced("5 millis") }))
          assert.isUndefined(coming.pollUnsafe())
          yield* leaving.query(`SELECT pg_advisory_unlock(${rows[0]?.objid})`)
          yield* Fiber.join(coming)
        }).pipe(Effect.scoped)
        assert.deepStrictEqual(processesOf(dataDirectory), [])
      })
    )

    it.effect("does not stop a server that somebody is connected to, and stops it the next time", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        const guest = yield* Scope.make()
        yield* open({ dataDirectory }).pipe(
          Effect.flatMap(({ server }) => PgConnection.make(server).pipe(Scope.provide(guest))),
          Effect.scoped
        )
        assert.isNotEmpty(processesOf(dataDirectory))

        yield* Scope.close(guest, Exit.void)
        yield* Effect.scoped(open({ dataDirectory }))
        assert.deepStrictEqual(processesOf(dataDirectory), [])
      })
    )
  })

  describe("errors say what to do", () => {
    const failure = (options: EmbeddedPostgresOptions) => Effect.flip(Effect.scoped(open(options)))

    it.effect("data of another version", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        writeFileSync(join(dataDirectory, "PG_VERSION"), "14\n")

        const error = yield* failure({ dataDirectory })
        assert.strictEqual(error.reason, "wrong_version")
        assert.include(error.message, "made by Postgres 14")
      })
    )

    it.effect("a directory with other things in it", () =>
      Effect.gen(function* () {
        const dataDirectory = join(yield* workplace(), "data")
        mkdirSync(dataDirectory)
        writeFileSync(join(dataDirectory, "letter.txt"), "dear all")
        if (process.getuid?.() === 0) chownSync(dataDirectory, 65_534, 65_534)

        const error = yield* failure({ dataDirectory })
        assert.strictEqual(error.reason, "unusable_directory")
        assert.include(error.message, "not a Postgres data directory")
        assert.isTrue(existsSync(join(dataDirectory, "letter.txt")))
      })
    )

    it.effect("a server that refuses to start, with its own words", () =>
      Effect.gen(function* () {
        const dataDirectory = yield* (yield* DataDirectories).copy
        const error = yield* failure({ dataDirectory, settings: { no_such_setting: "1" } })
        assert.strictEqual(error.reason, "start_failed")
        assert.include(error.message, 'unrecognized configuration parameter "no_such_setting"')

        const late = yield* failure({ dataDirectory, settings: { shared_preload_libraries: "no_such_library" } })
        assert.strictEqual(late.reason, "start_failed")
        assert.include(late.message, 'could not access file "no_such_library"')
      })
    )
  })
})
