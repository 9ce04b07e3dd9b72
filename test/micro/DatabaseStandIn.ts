import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection } from "effect/sql"
import { Database } from "../../src/postgres/Database.ts"
import type { Statements } from "../../src/postgres/Gate.ts"
import { alwaysCurrent } from "../support/AlwaysCurrent.ts"
import { rowsOf } from "./Rows.ts"

const unasked = Effect.die(new Error("No statement of the service is run in this way"))

const connection: SqlConnection.Connection = {
  execute: (text, params) => Effect.sync(() => rowsOf(text, params)),
  executeUnprepared: () => unasked,
  executeRaw: () => unasked,
  executeValues: () => unasked,
  executeValuesUnprepared: () => unasked,
  executeStream: () => Stream.fromEffect(unasked)
}

const client = Effect.map(
  SqlClient.make({
    acquirer: Effect.succeed(connection),
    borrower: (use) => use(connection),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: []
  }),
  (sql): PgClient.PgClient =>
    Object.assign(sql, {
      [PgClient.TypeId]: PgClient.TypeId,
      config: {},
      json: () => sql.literal("NULL"),
      listen: () => unasked,
      notify: () => unasked
    })
)

/** A database without a server: statements are put together and rows decoded as ever, and the answers come at once. */
export const databaseStandIn = Layer.effect(
  Database,
  Effect.map(client, (sql) => {
    const statements: Statements = (run) => run(sql)
    const pools = { pipelined: statements, plain: statements, background: statements, lagging: statements }
    return Database.of({ ...pools, listen: alwaysCurrent })
  })
).pipe(Layer.provide(Reactivity.layer))
