import { chmod, mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Context, Effect, Layer, References } from "effect"
import { EmbeddedPostgres } from "../../src/local/EmbeddedPostgres.ts"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { migrate } from "../../src/postgres/Migrations.ts"
import { memoryDirectory } from "../support/Memory.ts"
import { makeVirtual } from "./VirtualDatabase.ts"

/**
 * Virtual databases, each on a server of its own: where the transactions of others go on, Postgres tidies its pages at
 * other times, and rows that are equal to an ORDER BY come in another order.
 */
export const databases = (count: number) =>
  Effect.forEach(Array.from({ length: count }), () => openDatabase, { concurrency: count }).pipe(
    Effect.provide(NodeServices.layer),
    Effect.provideService(References.MinimumLogLevel, "Warn")
  )

/** Nothing that runs beside the statements or counts them. */
const settings = {
  autovacuum: "off",
  bgwriter_delay: "10s",
  checkpoint_timeout: "1d",
  max_wal_size: "4GB",
  shared_buffers: "64MB",
  shared_preload_libraries: "",
  track_activities: "off",
  track_counts: "off",
  update_process_title: "off",
  wal_writer_delay: "10s"
}

const openDatabase = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(memoryDirectory(), "payment-simulation-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
  )
  // Postgres does not run as root, and its own user must reach its data.
  yield* Effect.promise(() => chmod(directory, 0o755))
  const services = yield* Layer.build(
    EmbeddedPostgres.layer({
      dataDirectory: join(directory, "data"),
      durable: false,
      settings
    })
  )
  const database = yield* Context.get(services, EmbeddedPostgres).createDatabase("simulation")
  yield* migrate(database, "migrations")
  yield* Effect.promise(() => makeVirtual(database))
  const virtual: LocalDatabase = database
  return virtual
})
