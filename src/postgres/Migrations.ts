import { createHash } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, FileSystem, Schedule, Schema } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlSchema } from "effect/sql"
import type { Connection } from "./Database.ts"

/** A migration that cannot be applied as it stands; the message says what to do. */
export class MigrationRefused extends Schema.TaggedError<MigrationRefused>()("MigrationRefused", {
  file: Schema.String,
  message: Schema.String
}) {}

/** Applies what is missing, one process at a time, forward only. */
export const migrate = Effect.fn("Migrations.migrate")(
  function* (connection: Connection, directory: string) {
    const files = yield* readFiles(directory)
    const sql = yield* PgClient.makeClient({
      ...connection,
      applicationName: "payment-service migrations",
      startupParameters: { timezone: "UTC", lock_timeout: String(Duration.toMillis("10 seconds")) }
    })
    yield* locked(sql)
    yield* sql`CREATE TABLE IF NOT EXISTS schema_migrations (
      file text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`
    const done = new Map((yield* recorded(sql)).map(({ file, checksum }) => [file, checksum]))
    const applied: Array<string> = []
    for (const file of files) {
      const checksum = done.get(file.name)
      if (checksum === undefined) {
        yield* file.isUnwrapped ? applyUnwrapped(sql, file) : applyWrapped(sql, file)
        yield* Effect.logInfo("Applied migration").pipe(Effect.annotateLogs({ file: file.name }))
        applied.push(file.name)
      } else if (checksum !== file.checksum) {
        return yield* new MigrationRefused({
          file: file.name,
          message: `${file.name} was changed after it was applied. Restore it and write a new migration instead.`
        })
      }
    }
    return applied
  },
  Effect.scoped,
  Effect.provide(Reactivity.layer)
)

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

const recorded = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ file: Schema.String, checksum: Schema.String }),
    execute: () => sql`SELECT file, checksum FROM schema_migrations`
  })(undefined)

// Polled: a process that waits inside a statement holds a snapshot, and a concurrent index build waits for all.
const lockPoll = Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: "10 minutes" }))

const locked = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ held: Schema.Literal(true) }),
    execute: () => sql`SELECT pg_try_advisory_lock(hashtext('payment-service migrations')) AS held`
  })(undefined).pipe(Effect.retry({ schedule: lockPoll, while: (error) => error._tag === "SchemaError" }))

const record = ({ name, checksum }: MigrationFile) =>
  `INSERT INTO schema_migrations (file, checksum) VALUES ('${name}', '${checksum}')`

/** One statement is one transaction, and the extended protocol takes one statement: hence the block. */
const applyWrapped = (sql: PgClient.PgClient, file: MigrationFile) =>
  sql.unsafe(`DO $migration$ BEGIN EXECUTE $file$${file.text}$file$; ${record(file)}; END $migration$`)

const applyUnwrapped = Effect.fnUntraced(function* (sql: PgClient.PgClient, file: MigrationFile) {
  const index = /CREATE (?:UNIQUE )?INDEX CONCURRENTLY (\w+)/i.exec(file.text)?.[1]
  if (index === undefined) {
    return yield* new MigrationRefused({
      file: file.name,
      message: `${file.name} must be one CREATE INDEX CONCURRENTLY.`
    })
  }
  // A build that was cut short leaves an invalid index behind under its name.
  yield* sql.unsafe(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`)
  yield* sql.unsafe(file.text)
  return yield* sql.unsafe(record(file))
})
