import { createHash } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, FileSystem, Schedule, Schema } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlSchema } from "effect/sql"
import type { Connection } from "./Database.ts"
import { isOutage, problemOf, whenUp } from "./Outage.ts"

/** A migration that cannot be applied as it stands; the message says what to do. */
class MigrationRefused extends Schema.TaggedError<MigrationRefused>()("MigrationRefused", {
  file: Schema.String,
  message: Schema.String
}) {}

/** Another process holds the lock and does not come to an end. */
class MigrationsBusy extends Schema.TaggedError<MigrationsBusy>()("MigrationsBusy", {}) {
  override get message() {
    const time = Duration.format(lockLimit)
    return `Another process has been applying migrations for ${time}: "${applicationName}" in pg_stat_activity.`
  }
}

const applicationName = "payment-service migrations"

/** Applies what is missing, one process at a time, forward only. */
export const migrate = Effect.fn("Migrations.migrate")(
  function* (connection: Connection, directory: string) {
    const files = yield* readFiles(directory)
    const sql = yield* whenUp(PgClient.makeClient({ ...connection, applicationName, startupParameters }))
    yield* locked(sql)
    yield* sql`CREATE TABLE IF NOT EXISTS schema_migrations (
      file text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`
    const {
      changed: [edited],
      missing
    } = differences(files, yield* recorded(sql))
    if (edited !== undefined) {
      return yield* new MigrationRefused({
        file: edited.name,
        message: `${edited.name} was changed after it was applied. Restore it and write a new migration instead.`
      })
    }
    yield* Effect.forEach(missing, (file) => apply(sql, file), { discard: true })
    return missing.map(({ name }) => name)
  },
  Effect.scoped,
  Effect.provide(Reactivity.layer)
)

// A file may run for as long as it needs to, but must not stand in the way of the service while it waits for a lock.
const startupParameters = {
  timezone: "UTC",
  statement_timeout: "0",
  lock_timeout: String(Duration.toMillis("10 seconds"))
}

interface MigrationFile {
  readonly name: string
  readonly text: string
  readonly checksum: string
  /** Holds one concurrent index build, which Postgres refuses inside a transaction. */
  readonly isUnwrapped: boolean
}

const fileName = /^\d{4}_[a-z0-9_]+(\.unwrapped)?\.sql$/

const readFiles = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const names = (yield* fs.readDirectory(directory)).filter((name) => name.endsWith(".sql")).toSorted()
  return yield* Effect.forEach(names, (name) => readFile(directory, name))
})

const readFile = Effect.fnUntraced(function* (directory: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(`${directory}/${name}`)
  if (!fileName.test(name) || text.includes("$file$") || text.includes("$migration$")) {
    return yield* new MigrationRefused({
      file: name,
      message: `${name} must be named NNNN_noun.sql and may not contain the quotes $file$ and $migration$.`
    })
  }
  const checksum = createHash("sha256").update(text).digest("hex")
  const file: MigrationFile = { name, text, checksum, isUnwrapped: name.includes(".unwrapped.") }
  return file
})

/** A migration as the database remembers it. */
export const AppliedMigration = Schema.Struct({ file: Schema.String, checksum: Schema.String })
type AppliedMigration = typeof AppliedMigration.Type

const recorded = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Void,
    Result: AppliedMigration,
    execute: () => sql`SELECT file, checksum FROM schema_migrations`
  })(undefined)

const differences = (files: ReadonlyArray<MigrationFile>, applied: ReadonlyArray<AppliedMigration>) => {
  const done = new Map(applied.map(({ checksum, file }) => [file, checksum]))
  const known = new Set(files.map(({ name }) => name))
  return {
    missing: files.filter(({ name }) => !done.has(name)),
    changed: files.filter(({ checksum, name }) => done.has(name) && done.get(name) !== checksum),
    unknown: applied.filter(({ file }) => !known.has(file))
  }
}

/** The names of the files by which what was applied differs from the directory. Changes nothing. */
export const compareMigrations = (directory: string, applied: ReadonlyArray<AppliedMigration>) =>
  Effect.map(readFiles(directory), (files) => {
    const { changed, missing, unknown } = differences(files, applied)
    return {
      missing: missing.map(({ name }) => name),
      changed: changed.map(({ name }) => name),
      unknown: unknown.map(({ file }) => file)
    }
  })

// Polled: a process that waits inside a statement holds a snapshot, and a concurrent index build waits for all.
const lockPoll = Schedule.spaced("100 millis")
const lockLimit = Duration.minutes(10)

const locked = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ held: Schema.Boolean }),
    execute: () => sql`SELECT pg_try_advisory_lock(hashtext('payment-service migrations')) AS held`
  })(undefined).pipe(
    Effect.repeat({ schedule: lockPoll, until: ({ held }) => held }),
    Effect.timeoutOrElse({ duration: lockLimit, orElse: () => Effect.fail(new MigrationsBusy()) })
  )

const apply = (sql: PgClient.PgClient, file: MigrationFile) =>
  (file.isUnwrapped ? applyUnwrapped(sql, file) : applyWrapped(sql, file)).pipe(
    Effect.mapError((error) =>
      error._tag === "SqlError" && !isOutage(error)
        ? new MigrationRefused({ file: file.name, message: `${file.name} was not applied: ${problemOf(error)}` })
        : error
    ),
    Effect.andThen(Effect.logInfo("Applied migration").pipe(Effect.annotateLogs({ file: file.name })))
  )

const record = ({ name, checksum }: MigrationFile) =>
  `INSERT INTO schema_migrations (file, checksum) VALUES ('${name}', '${checksum}')`

/** One statement is one transaction, and the extended protocol takes one statement: hence the block. */
const applyWrapped = (sql: PgClient.PgClient, file: MigrationFile) =>
  sql.unsafe(`DO $migration$ BEGIN EXECUTE $file$${file.text}$file$; ${record(file)}; END $migration$`)

const applyUnwrapped = Effect.fnUntraced(function* (sql: PgClient.PgClient, file: MigrationFile) {
  const index = /^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(\w+)\s+ON\b/i.exec(file.text)?.[1]
  if (index === undefined) {
    return yield* new MigrationRefused({
      file: file.name,
      message: `${file.name} must be one CREATE INDEX CONCURRENTLY name ON …, without IF NOT EXISTS.`
    })
  }
  // The build waits for every open transaction, and nobody waits for the build.
  yield* sql.unsafe(`SET lock_timeout = ${Duration.toMillis(lockLimit)}`)
  // A build that was cut short leaves an invalid index behind under its name.
  yield* sql.unsafe(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`)
  yield* sql.unsafe(file.text)
  yield* sql.unsafe(record(file))
  return yield* sql.unsafe("RESET lock_timeout")
})
