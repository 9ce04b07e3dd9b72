import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Predicate, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { fewCommits, makeBatches } from "../../src/postgres/Batches.ts"
import { Database } from "../../src/postgres/Database.ts"
import { grouped } from "../../src/postgres/Grouped.ts"
import { rawRows } from "../../src/postgres/Row.ts"
import { makeProxy } from "../support/Proxy.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const behindProxy = Effect.fnUntraced(function* (pipelinedConnections: number) {
  const { database, username, ...server } = yield* TestDatabase
  const proxy = yield* makeProxy({ database, username, ...server })
  const services = yield* Layer.build(
    Database.layer({
      connection: { host: "127.0.0.1", port: proxy.port, database, username },
      pipelinedConnections,
      plainConnections: 1,
      checkoutTimeout: "2 seconds"
    })
  )
  const { pipelined } = yield* Effect.provideContext(Database, services)
  return { pipelined, proxy }
})

const echo = grouped<number>(
  (sql, param) => sql`e AS (SELECT ${param((n) => n)}::int4 AS n FROM asked) SELECT n FROM e`
)

layer(TestDatabase.layer)("a Postgres that is not there any more", (it) => {
  it.effect("is waited for a second longer than it may take, and no longer", () =>
    Effect.gen(function* () {
      const { pipelined, proxy } = yield* behindProxy(1)
      yield* pipelined((sql) => sql`SELECT 1 AS one`)
      yield* proxy.hush
      const error = yield* Effect.flip(pipelined((sql) => sql`SELECT 1 AS one`))
      assert.deepStrictEqual([error._tag, "reason" in error && error.reason], ["DatabaseUnavailable", "timeout"])
    }).pipe(TestClock.withLive)
  )

  it.effect("keeps back only what had been given to that connection", () =>
    Effect.gen(function* () {
      const { pipelined, proxy } = yield* behindProxy(6)
      const { ask } = yield* makeBatches<number, unknown>({
        run: (numbers) => rawRows(pipelined((sql) => echo(sql, numbers))),
        idOf: String,
        rowIdOf: (row) => (Predicate.hasProperty(row, "n") ? String(row.n) : undefined),
        mayRepeat: true,
        few: fewCommits,
        kindOf: () => "echo",
        claimsOf: () => []
      })
      yield* Effect.forEach(Array.from({ length: 50 }).keys(), ask)
      yield* proxy.hushBusiest
      const asked: Array<Fiber.Fiber<Option.Option<unknown>, unknown>> = []
      yield* Effect.gen(function* () {
        asked.push(yield* Effect.forkChild(ask(1_000 + asked.length)))
      }).pipe(Effect.repeat(Schedule.spaced("10 millis")), Effect.timeoutOption("4 seconds"))
      const exits = yield* Effect.forEach(asked, Fiber.await)
      const done = exits.filter((exit) => Exit.isSuccess(exit) && Option.isSome(exit.value))
      assert.isAbove(exits.length, 100)
      assert.isBelow(done.length, exits.length)
      assert.isAbove(done.length / exits.length, 0.7)
    }).pipe(TestClock.withLive)
  )
})
