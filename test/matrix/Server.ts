import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Context, Effect, Layer } from "effect"
import { EmbeddedPostgres } from "../../src/local/EmbeddedPostgres.ts"
import { migrate } from "../../src/postgres/Migrations.ts"
import { memoryDirectory } from "../support/Memory.ts"

const template = "template_matrix"

/** A Postgres of its own, gone at the end, with a template that has the newest schema. */
export const openServer = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const made = mkdtempSync(join(memoryDirectory(), "matrix-"))
      chmodSync(made, 0o755)
      return made
    }),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
  )
  const services = yield* Layer.build(
    EmbeddedPostgres.layer({
      dataDirectory: join(directory, "data"),
      durable: false,
      settings: { max_connections: "200" }
    })
  )
  const postgres = Context.get(services, EmbeddedPostgres)
  yield* migrate(yield* postgres.createDatabase(template), fileURLToPath(new URL("../../migrations", import.meta.url)))
  yield* Effect.scoped(
    Effect.gen(function* () {
      const session = yield* PgConnection.make(postgres.server)
      yield* session.query(`ALTER DATABASE ${template} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`)
    })
  )
  return { server: postgres.server, template }
})
