import { symlinkSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Metric, Schedule } from "effect"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { Database, type DatabaseOptions } from "../../src/postgres/Database.ts"
import { workplace } from "../local/Workplace.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

/** Both pools with two connections each, until the scope closes. */
export const openPools = Effect.fnUntraced(function* (change: Partial<DatabaseOptions> = {}) {
  const connection = yield* TestDatabase
  const usual = { connection, pipelinedConnections: 2, plainConnections: 2, checkoutTimeout: "2 seconds" } as const
  const services = yield* Layer.build(Layer.fresh(Database.layer({ ...usual, ...change })))
  return Context.get(services, Database)
})

/** What the gauges of a pool show. */
export const gauges = Effect.fnUntraced(function* (pool: "pipelined" | "plain" | "replica") {
  const all = yield* Metric.snapshot
  const value = (id: string) =>
    all.flatMap((metric) =>
      metric.type === "Gauge" && metric.id === id && metric.attributes?.pool === pool
        ? [Number(metric.state.value)]
        : []
    )[0]
  return { size: value("db_pool_size"), inUse: value("db_pool_in_use"), waiting: value("db_pool_waiting") }
})

export const idle = { inUse: 0, waiting: 0 }

/** Asks until it holds; the time limit of the test ends it otherwise. */
export const until = <A, E, R>(ask: Effect.Effect<A, E, R>, holds: (answer: A) => boolean) =>
  Effect.repeat(ask, { schedule: Schedule.spaced("5 millis"), until: holds })

/** Ends the sessions of the service in this database and waits until they are gone. */
export const killSessions = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const sessions = sql`FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'payment-service%'`
  yield* sql`SELECT pg_terminate_backend(pid) ${sessions}`
})

/** An address that leads to a server only while it is told to. */
export const address = Effect.fnUntraced(function* (server: LocalDatabase) {
  const host = yield* workplace("/tmp")
  const socket = `.s.PGSQL.${server.port}`
  return {
    connection: { ...server, host },
    connect: (to: LocalDatabase) => Effect.sync(() => symlinkSync(join(to.host, socket), join(host, socket))),
    disconnect: Effect.sync(() => unlinkSync(join(host, socket)))
  }
})
