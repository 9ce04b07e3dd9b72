import { rmSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, FileSystem, Layer, Option, References, Scope } from "effect"
import type { TestProject } from "vitest/node"
import { EmbeddedPostgres } from "../../src/local/EmbeddedPostgres.ts"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { clearRemains, findPostmaster, stop } from "../../src/local/Postmaster.ts"
import { isAlive } from "../../src/local/Program.ts"
import { migrate } from "../../src/postgres/Migrations.ts"
import { memoryDirectory } from "./Memory.ts"
import { versionWatch } from "./VersionWatch.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The server of this run. `template` has the newest schema and no rows; nobody can connect to it. */
    postgres: { readonly server: LocalDatabase; readonly template: string }
  }
}

/** One server for the whole run, started, migrated once and thrown away at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scope = Scope.makeUnsafe()
  const teardown = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const started = await Effect.runPromiseExit(
    server.pipe(
      Scope.provide(scope),
      Effect.provide(NodeServices.layer),
      Effect.provideService(References.MinimumLogLevel, "Warn")
    )
  )
  if (Exit.isSuccess(started)) {
    project.provide("postgres", started.value)
    return teardown
  }
  await teardown()
  throw started.cause
}

const template = "template_payments"
const prefix = "payment-test-"

const server = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const parent = memoryDirectory()
  yield* sweep(parent)
  const directory = join(parent, `${prefix}${process.pid}`)
  yield* Effect.acquireRelease(fs.makeDirectory(directory), () =>
    fs.remove(directory, { recursive: true, force: true }).pipe(Effect.ignore)
  )
  yield* fs.chmod(directory, 0o755)
  const services = yield* Layer.build(
    EmbeddedPostgres.layer({
      dataDirectory: join(directory, "data"),
      durable: false,
      settings: { max_connections: "300" }
    })
  )
  yield* endOnExit(directory)
  return yield* Effect.gen(function* () {
    const postgres = yield* EmbeddedPostgres
    const fresh = yield* postgres.createDatabase(template)
    yield* migrate(fresh, "migrations")
    yield* Effect.flatMap(PgConnection.make(fresh), ({ query }) =>
      Effect.forEach(versionWatch, (one) => query(one))
    ).pipe(Effect.scoped)
    const session = yield* PgConnection.make(postgres.server)
    yield* session.query(`ALTER DATABASE ${template} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`)
    return { server: postgres.server, template }
  }).pipe(Effect.scoped, Effect.provideContext(services))
})

/** Vitest leaves on Ctrl-C without a teardown, and an exit handler cannot wait. */
const endOnExit = Effect.fnUntraced(function* (directory: string) {
  const running = Option.getOrUndefined(yield* findPostmaster(join(directory, "data")))
  const end = () => {
    if (running === undefined) return
    Option.liftThrowable(process.kill)(running.pid, "SIGQUIT")
    rmSync(running.socketDirectory, { recursive: true, force: true })
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.once("exit", end)),
    () => Effect.sync(() => process.off("exit", end))
  )
})

/** Ends and removes what a killed run left behind. Other runs may be going on beside this one. */
const sweep = Effect.fnUntraced(function* (parent: string) {
  const fs = yield* FileSystem.FileSystem
  for (const name of yield* fs.readDirectory(parent)) {
    const pid = Number(name.slice(prefix.length))
    if (!name.startsWith(prefix) || (pid !== process.pid && (yield* isAlive(pid)))) continue
    const data = join(parent, name, "data")
    const running = yield* findPostmaster(data)
    yield* Option.isSome(running) ? stop(running.value, "SIGQUIT") : clearRemains(data)
    yield* fs.remove(join(parent, name), { recursive: true, force: true }).pipe(Effect.ignore)
  }
})
