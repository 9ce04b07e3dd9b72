import { PgConnection } from "@effect/sql-pg"
import { Effect } from "effect"

/** Where a database is. Spreads into the settings of PgClient, which takes a directory as the host of a Unix socket. */
export interface LocalDatabase {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly database: string
}

/** Creates the database unless it exists. With a template, to which nobody may be connected, it starts as its copy. */
export const createDatabase = Effect.fn("LocalDatabase.create")(function* (
  server: LocalDatabase,
  name: string,
  template?: string
) {
  const session = yield* PgConnection.make(server)
  const exists = session
    .query("SELECT FROM pg_database WHERE datname = $1", [name])
    .pipe(Effect.map(({ rowCount }) => rowCount > 0))
  if (!(yield* exists)) {
    const copy = template === undefined ? "" : ` TEMPLATE ${quoted(template)} STRATEGY file_copy`
    yield* session
      .query(`CREATE DATABASE ${quoted(name)}${copy}`, [], false)
      // Another process may have been faster.
      .pipe(Effect.catch((error) => Effect.flatMap(exists, (made) => (made ? Effect.void : Effect.fail(error)))))
  }
  return { ...server, database: name }
}, Effect.scoped)

/** Drops the database, if it exists, and ends the sessions of everybody in it. */
export const dropDatabase = Effect.fn("LocalDatabase.drop")(function* (server: LocalDatabase, name: string) {
  const session = yield* PgConnection.make(server)
  yield* session.query(`DROP DATABASE IF EXISTS ${quoted(name)} (FORCE)`, [], false)
}, Effect.scoped)

const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`
