import { rm } from "node:fs/promises"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { EmbeddedPostgres } from "../../src/local/EmbeddedPostgres.ts"

/** A database and how to reach it, as `pg` takes it. */
export interface Server {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** A server for this benchmark alone, gone with its data at the end. Safe on disk at each commit, as in production. */
export const startPostgres = Effect.fnUntraced(function* (directory: string) {
  const wanted = join(directory, "postgres")
  let used = wanted
  // Registered before the server starts, so that it runs after the server has stopped.
  yield* Effect.addFinalizer(() =>
    Effect.promise(async () => {
      for (const path of [used, `${used}.log`]) await rm(path, { recursive: true, force: true })
    })
  )
  const layer = EmbeddedPostgres.layer({ dataDirectory: wanted, durable: true })
  const services = yield* Layer.build(layer.pipe(Layer.provide(NodeServices.layer)))
  const { server, dataDirectory, createDatabase } = Context.get(services, EmbeddedPostgres)
  used = dataDirectory
  const reach = (database: string): Server => ({
    host: server.host,
    port: server.port,
    user: server.username,
    database
  })
  return {
    maintenance: reach(server.database),
    createDatabase: (name: string) => Effect.as(createDatabase(name), reach(name))
  }
})

export const urlOf = ({ host, port, user, database }: Server): string =>
  `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
