import { PgConnection } from "@effect/sql-pg"
import { Duration, Effect, FileSystem, Option, Redacted, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { embeddedDatabase, embeddedIn, placeOf } from "../../Backing.ts"
import { locate } from "../../local/DataDirectory.ts"
import { findPostmaster, maintenance } from "../../local/Postmaster.ts"
import type { Connection } from "../../postgres/Database.ts"
import type { Settings } from "../../Settings.ts"
import { resolve } from "./HostName.ts"

/** A database that can be asked, and what people call it. */
export interface Session {
  readonly place: string
  readonly ask: <A, I>(schema: Schema.Codec<A, I>, statement: string) => Effect.Effect<ReadonlyArray<A>, SqlError>
  /** The process that serves us, as the server named it when we came. */
  readonly processId: number
}

/** Where the database is. The embedded one is there only while somebody runs it. */
export interface Place {
  readonly name: string
  readonly connection: Connection
}

export const findPlace = Effect.fnUntraced(function* ({ DATABASE_URL, LOCAL_DIRECTORY }: Settings) {
  if (Option.isSome(DATABASE_URL)) {
    const place: Place = { name: placeOf(DATABASE_URL.value), connection: { url: DATABASE_URL.value } }
    return Option.some(place)
  }
  const fs = yield* FileSystem.FileSystem
  // Where the data is, is found out by making its parent.
  if (!(yield* Effect.orElseSucceed(fs.exists(LOCAL_DIRECTORY), () => false))) return Option.none<Place>()
  const { path } = yield* locate(embeddedIn(LOCAL_DIRECTORY))
  return Option.map(yield* findPostmaster(path), (postmaster): Place => {
    const connection = { ...maintenance(postmaster), database: embeddedDatabase }
    return { name: `${path} (embedded)`, connection }
  })
})

/** The server ends a statement, since a connection that is silent is left to itself. */
const statementLimit = Duration.seconds(2)

/** Opens a session that asks and changes nothing. */
export const openSession = Effect.fnUntraced(function* ({ connection, name }: Place) {
  yield* Option.match(hostOf(connection), { onNone: () => Effect.void, onSome: (host) => resolve(host) })
  const { processId, query } = yield* PgConnection.make({
    ...connection,
    applicationName: "payment-service doctor",
    connectTimeout: "1 minute",
    startupParameters: { timezone: "UTC", statement_timeout: String(Duration.toMillis(statementLimit)) }
  })
  const ask: Session["ask"] = (schema, statement) => {
    const decode = Schema.decodeUnknownEffect(Schema.Array(schema))
    // A statement and its schema stand side by side: what does not fit is a bug.
    return Effect.flatMap(query(statement), ({ rows }) => Effect.orDie(decode(rows)))
  }
  const session: Session = { place: name, ask, processId }
  return session
})

/** The host whose name has to be looked up, if there is one: not for a directory with a Unix socket. */
const hostOf = ({ host, url }: Connection) => {
  const named = Option.map(Option.fromNullishOr(url), (text) => {
    const { hostname, searchParams } = new URL(Redacted.value(text))
    return searchParams.get("host") ?? hostname
  })
  return Option.orElse(named, () => Option.fromNullishOr(host)).pipe(
    Option.filter((name) => name !== "" && !name.startsWith("/")),
    Option.map((name) => name.replace(/^\[|\]$/g, ""))
  )
}
