import { execFileSync } from "node:child_process"
import { chownSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import type { LocalDatabase } from "../../../src/local/LocalDatabase.ts"
import { migrate } from "../../../src/postgres/Migrations.ts"
import { open, postmasterPid, workplace } from "../../local/Workplace.ts"
import { makeProxy } from "../../support/Proxy.ts"
import { address, until } from "../Pools.ts"

const settings = {
  wal_level: "replica",
  max_wal_senders: "8",
  synchronous_commit: "on",
  max_connections: "100",
  max_standby_streaming_delay: "100ms"
}

/** Copies a server that runs, as one that follows it when it starts. */
const copyOf = Effect.fnUntraced(function* (primary: LocalDatabase, from: string, to: string) {
  const { query } = yield* PgConnection.make(primary)
  yield* query("SELECT pg_backup_start('standby', true)")
  yield* Effect.sync(() => execFileSync("cp", ["-a", from, to]))
  const { rows } = yield* query("SELECT labelfile FROM pg_backup_stop(false)")
  yield* Effect.sync(() => {
    execFileSync("rm", ["-f", join(to, "postmaster.pid"), join(to, "postmaster.opts")])
    const { gid, uid } = statSync(to)
    for (const [name, text] of [
      ["backup_label", String(rows[0]?.labelfile)],
      ["standby.signal", ""]
    ] as const) {
      writeFileSync(join(to, name), text)
      chownSync(join(to, name), uid, gid)
    }
  })
}, Effect.scoped)

const ask = (database: LocalDatabase) => (statement: string) =>
  PgConnection.make(database).pipe(
    Effect.flatMap(({ query }) => query(statement, [], false)),
    Effect.map(({ rows }) => rows),
    Effect.scoped
  )

const make = Effect.gen(function* () {
  const directory = yield* workplace()
  const [first, second] = [join(directory, "primary"), join(directory, "standby")]
  const postgres = yield* open({ dataDirectory: first, durable: false, settings })
  const primary = yield* postgres.createDatabase("payments")
  yield* Effect.provide(migrate(primary, "migrations"), NodeServices.layer)
  yield* copyOf(postgres.server, first, second)

  const { connect, connection, disconnect } = yield* address(primary)
  const way = yield* makeProxy(primary)
  const follows = { ...settings, primary_conninfo: `host=127.0.0.1 port=${way.port} user=${primary.username}` }
  let running = yield* Scope.make()
  const start = Effect.gen(function* () {
    running = yield* Scope.make()
    const { server } = yield* Scope.provide(open({ dataDirectory: second, durable: false, settings: follows }), running)
    yield* connect(server)
  })
  const stop = Effect.suspend(() => Effect.andThen(Scope.close(running, Exit.void), disconnect))
  yield* start
  yield* Effect.addFinalizer(() => Effect.suspend(() => Scope.close(running, Exit.void)))

  const onPrimary = ask(primary)
  const onStandby = ask(connection)
  const caughtUp = Effect.gen(function* () {
    const [row] = yield* onPrimary("SELECT pg_current_wal_flush_lsn()::text AS lsn")
    const isThere = onStandby(`SELECT pg_last_wal_replay_lsn() >= '${row?.lsn}'::pg_lsn AS yes`)
    yield* until(isThere, ([found]) => found?.yes === true)
  })
  yield* caughtUp

  return {
    primary,
    standby: connection,
    onPrimary,
    onStandby,
    /** Waits until the standby has all that there is. */
    caughtUp,
    /** The standby shows what it has and no more, while the scope lasts. */
    paused: Effect.acquireRelease(Effect.orDie(onStandby("SELECT pg_wal_replay_pause()")), () =>
      Effect.orDie(onStandby("SELECT pg_wal_replay_resume()"))
    ),
    /** The standby hears nothing of its primary, and does not know it, while the scope lasts. */
    deaf: Effect.acquireRelease(way.hush, () => Effect.andThen(way.cut, way.mend)),
    /** Ends the standby at once, as a crash does. */
    kill: Effect.sync(() => process.kill(postmasterPid(second), "SIGKILL")),
    stop,
    start
  }
})

/** A server of its own and a standby that follows it. */
export class Pair extends Context.Service<Pair, Effect.Success<typeof make>>()("payment-service/test/Pair") {
  static readonly layer = Layer.effect(Pair, make)
}
