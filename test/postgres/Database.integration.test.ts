import { PgClient } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Logger, Schema, Scope } from "effect"
import type { Statements } from "../../src/postgres/Gate.ts"
import { rowOf, rowsOf } from "../../src/postgres/Row.ts"
import { open, workplace } from "../local/Workplace.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { address, gauges, idle, killSessions, openPools, until } from "./Pools.ts"

const one: (sql: PgClient.PgClient) => Effect.Effect<unknown, unknown> = (sql) => sql`SELECT 1 AS one`
const sleep = (seconds: number) => (sql: PgClient.PgClient) => sql`SELECT pg_sleep(${seconds}::float8)`
const backend = (statements: Statements) => statements((sql) => sql`SELECT pg_backend_pid() AS pid`)

/** Why the database was unavailable; anything but that fails the test. */
const reasonOf = <A, E, R>(statement: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(statement), (error) => {
    assert.propertyVal(error, "_tag", "DatabaseUnavailable")
    return Object(error).reason
  })

/** Every connection of the pool can be had at the same time. */
const assertFull = Effect.fnUntraced(function* (statements: Statements, permits: number) {
  const all = yield* Deferred.make<void>()
  let running = 0
  const meet = () =>
    Effect.suspend(() => (++running === permits ? Deferred.succeed(all, undefined) : Deferred.await(all)))
  yield* Effect.all(
    Array.from({ length: permits }, () => statements(meet)),
    { concurrency: "unbounded" }
  )
})

layer(TestDatabase.layerClient, { excludeTestServices: true })("Database", (it) => {
  describe("limits", () => {
    it.effect("are set on both pools, whatever the database says", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { database } = yield* TestDatabase
        yield* sql.unsafe(`ALTER DATABASE "${database}" SET timezone = 'Asia/Tokyo'`)
        yield* sql.unsafe(`ALTER DATABASE "${database}" SET statement_timeout = 1`)
        const { pipelined, plain } = yield* openPools()
        yield* sql.unsafe(`ALTER DATABASE "${database}" RESET ALL`)
        const settings = (sql: PgClient.PgClient) =>
          sql`SELECT current_setting('application_name') AS application, current_setting('timezone') AS zone,
            current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
            current_setting('idle_in_transaction_session_timeout') AS idle`
        const common = { zone: "UTC", lock: "1500ms", idle: "10s" }
        assert.deepStrictEqual(yield* pipelined(settings), [
          { application: "payment-service pipelined", statement: "2s", ...common }
        ])
        assert.deepStrictEqual(yield* plain(settings), [
          { application: "payment-service plain", statement: "5s", ...common }
        ])
      })
    )

    it.effect("end a statement that runs too long, and leave its connection and its neighbours alone", () =>
      Effect.gen(function* () {
        const { pipelined, plain } = yield* openPools({ pipelinedConnections: 1, plainConnections: 1 })
        const slow = Effect.fnUntraced(function* (statements: Statements) {
          const before = yield* backend(statements)
          const [time, reason] = yield* Effect.timed(reasonOf(statements(sleep(30))))
          assert.deepStrictEqual(yield* backend(statements), before)
          return [reason, Math.round(Duration.toSeconds(time))]
        })
        const behind = pipelined(one).pipe(Effect.delay("200 millis"))
        const results = yield* Effect.all([slow(pipelined), slow(plain), behind], { concurrency: "unbounded" })
        assert.deepStrictEqual(results, [["canceled", 2], ["canceled", 5], [{ one: 1 }]])
      })
    )

    it.effect("end a wait for a lock, and a deadlock", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { pipelined, plain } = yield* openPools({ plainConnections: 3 })
        yield* sql`CREATE TABLE locked AS SELECT id, 0 AS n FROM generate_series(1, 4) id`
        const touch = (id: number) => (on: PgClient.PgClient) => on`UPDATE locked SET n = n + 1 WHERE id = ${id}`
        const crossed = (first: number, second: number) =>
          plain((on) => on.withTransaction(Effect.andThen(touch(first)(on), Effect.delay(touch(second)(on), 100))))

        // A row each: who waits behind another waiter waits twice.
        const holding = Effect.andThen(touch(1)(sql), touch(2)(sql))
        const waiting = Effect.all([reasonOf(pipelined(touch(1))), reasonOf(plain(touch(2)))], {
          concurrency: "unbounded"
        })
        const waits = sql.withTransaction(Effect.andThen(holding, waiting))
        const crossing = Effect.all([Effect.exit(crossed(3, 4)), Effect.exit(crossed(4, 3))], {
          concurrency: "unbounded"
        })
        const [reasons, exits] = yield* Effect.all([waits, crossing], { concurrency: "unbounded" })
        assert.deepStrictEqual(reasons, ["lock", "lock"])
        const failures = exits.filter(Exit.isFailure)
        assert.strictEqual(failures.length, 1)
        for (const failure of failures) assert.strictEqual(yield* reasonOf(failure), "lock")
        yield* Effect.all([plain(touch(1)), pipelined(touch(1))])
      })
    )

    it.effect("leave a statement's own failure as it is", () =>
      Effect.gen(function* () {
        const { pipelined } = yield* openPools()
        const error = yield* Effect.flip(pipelined((sql) => sql`SELECT no_such_column`))
        assert.deepInclude({ ...Object(error) }, { _tag: "SqlError" })
      })
    )
  })

  describe("an exhausted pool", () => {
    it.effect("turns a statement away unsent when no connection is free in time", () =>
      Effect.gen(function* () {
        const { plain } = yield* openPools({ plainConnections: 1, checkoutTimeout: "60 millis" })
        const held = yield* Effect.forkChild(plain(() => Effect.never))
        yield* until(gauges("plain"), ({ inUse }) => inUse === 1)
        let ran = 0
        const [time, reason] = yield* Effect.timed(reasonOf(plain(() => Effect.sync(() => ran++))))
        assert.deepStrictEqual([reason, ran], ["checkout", 0])
        assert.isAtLeast(Duration.toMillis(time), 59)
        yield* Fiber.interrupt(held)
        yield* plain(one)
      })
    )

    it.effect("is never what background statements have made of it", () =>
      Effect.gen(function* () {
        const { background, plain } = yield* openPools({ plainConnections: 8, checkoutTimeout: "60 millis" })
        let begun = 0
        const held = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 20 }, () =>
              background(() =>
                Effect.andThen(
                  Effect.sync(() => begun++),
                  Effect.never
                )
              )
            ),
            { concurrency: "unbounded" }
          )
        )
        yield* until(gauges("plain"), ({ inUse }) => inUse === 2)
        // All others at once, in time.
        yield* Effect.all(
          Array.from({ length: 6 }, () => plain((sql) => sql`SELECT pg_sleep(0.1)`)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([begun, yield* gauges("plain")], [2, { size: 8, inUse: 2, waiting: 0 }])
        yield* Fiber.interrupt(held)
        yield* background(one)
      })
    )

    it.effect("loses no connection when waits end at the moment one comes free", () =>
      Effect.gen(function* () {
        const { plain } = yield* openPools({ checkoutTimeout: "6 millis" })
        const outcomes: Array<string> = []
        for (let round = 0; round < 100; round++) {
          const exits = yield* Effect.all(
            Array.from({ length: 6 }, () => Effect.exit(plain(() => Effect.sleep(5 + (round % 4))))),
            { concurrency: "unbounded" }
          )
          outcomes.push(...exits.map(({ _tag }) => _tag))
        }
        assert.include(outcomes, "Failure")
        assert.isAbove(outcomes.filter((tag) => tag === "Success").length, 200)
        assert.deepInclude(yield* gauges("plain"), idle)
        yield* assertFull(plain, 2)
      })
    )

    it.effect("loses no connection when whoever waits or works is interrupted", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { pipelined, plain } = yield* openPools()
        for (const [statements, pool, permits] of [
          [plain, "plain", 2],
          [pipelined, "pipelined", 8]
        ] as const) {
          const fibers = yield* Effect.forEach(Array(permits * 2).fill(0), () =>
            Effect.forkChild(statements(sleep(30)))
          )
          yield* until(gauges(pool), ({ inUse, waiting }) => inUse === permits && waiting === permits)
          // Those who wait first, so that none of them gets a connection meanwhile.
          yield* Effect.forEach(fibers.toReversed(), Fiber.interrupt)
          assert.deepInclude(yield* gauges(pool), idle)
          yield* assertFull(statements, permits)
        }
        // A pipelined statement goes on at the server until its time limit; another goes at once.
        const running = yield* sql`SELECT application_name FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'active' AND application_name = 'payment-service plain'`
        assert.deepStrictEqual(running, [])
      })
    )

    it.effect("is seen in its gauges", () =>
      Effect.gen(function* () {
        const { pipelined, plain } = yield* openPools()
        const go = yield* Deferred.make<void>()
        const held = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(plain(() => Deferred.await(go))))
        yield* Effect.forkChild(pipelined(() => Deferred.await(go)))
        yield* until(gauges("plain"), ({ waiting }) => waiting === 1)
        assert.deepStrictEqual(yield* gauges("plain"), { size: 2, inUse: 2, waiting: 1 })
        assert.deepStrictEqual(yield* gauges("pipelined"), { size: 8, inUse: 1, waiting: 0 })
        yield* Deferred.succeed(go, undefined)
        yield* Effect.forEach(held, Fiber.join)
        assert.deepStrictEqual(yield* gauges("plain"), { size: 2, inUse: 0, waiting: 0 })
      })
    )
  })

  describe("a lost connection", () => {
    it.effect("fails the statements on it, and the next one has another", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { pipelined, plain } = yield* openPools({ pipelinedConnections: 1, plainConnections: 1 })
        // A pipelined statement of another test may still be going on at the server.
        const victim = (sql: PgClient.PgClient) => sql`SELECT pg_sleep(1.8), 'victim'`
        const statements = [pipelined(victim), pipelined(victim), plain(victim)]
        const running = yield* Effect.forkChild(Effect.all(statements.map(reasonOf), { concurrency: "unbounded" }))
        const active = sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
          AND application_name LIKE 'payment-service%' AND query LIKE '%victim%'`
        yield* until(active, ({ length }) => length === 2)
        yield* killSessions
        assert.deepStrictEqual(yield* Fiber.join(running), ["connection", "connection", "connection"])
        assert.deepStrictEqual(yield* Effect.all([pipelined(one), plain(one)]), [[{ one: 1 }], [{ one: 1 }]])
      })
    )

    it.effect("is an outage and never a bug, even when a statement meets it halfway", () =>
      Effect.gen(function* () {
        const { pipelined, plain } = yield* openPools()
        for (let round = 0; round < 20; round++) {
          yield* killSessions
          const exits = yield* Effect.all([pipelined(one), plain(one), pipelined(one)].map(Effect.exit))
          for (const exit of exits.filter(Exit.isFailure)) assert.strictEqual(yield* reasonOf(exit), "connection")
        }
      })
    )

    it.effect("is what a server without room for another session is, too", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const connection = yield* TestDatabase
        yield* sql.unsafe("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
        yield* Effect.addFinalizer(() => Effect.ignore(sql.unsafe("DROP ROLE crowded")))
        const { pipelined } = yield* openPools({ connection: { ...connection, username: "crowded" } })
        assert.strictEqual(yield* reasonOf(pipelined(one)), "connection")
      })
    )

    it.effect(
      "comes back by itself after a restart of the server",
      () =>
        Effect.gen(function* () {
          const dataDirectory = `${yield* workplace()}/data`
          const first = yield* Scope.make()
          const { server } = yield* Scope.provide(open({ dataDirectory, durable: false }), first)
          const { connect, connection, disconnect } = yield* address(server)
          yield* connect(server)
          const { pipelined, plain } = yield* openPools({ connection })
          const exits: Array<Exit.Exit<unknown, unknown>> = []
          const keepAsking = (statements: Statements) =>
            Effect.exit(statements(one)).pipe(
              Effect.tap((exit) => Effect.sync(() => exits.push(exit))),
              Effect.andThen(Effect.sleep("2 millis")),
              Effect.forever,
              Effect.forkChild
            )
          yield* Effect.forEach([pipelined, pipelined, plain, plain], keepAsking)
          yield* Effect.sleep("100 millis")
          yield* Scope.close(first, Exit.void)
          yield* disconnect
          assert.strictEqual(yield* reasonOf(pipelined(one)), "connection")
          yield* connect((yield* open({ dataDirectory, durable: false })).server)
          const seen = exits.length
          yield* until(
            Effect.sync(() => exits.slice(seen).filter(Exit.isSuccess).length),
            (count) => count > 100
          )
          assert.isTrue(exits.slice(-20).every(Exit.isSuccess))
          for (const exit of exits.filter(Exit.isFailure)) assert.strictEqual(yield* reasonOf(exit), "connection")
          assert.isAbove(exits.filter(Exit.isFailure).length, 10)
        }),
      30_000
    )

    it.effect("is waited for at the start", () =>
      Effect.gen(function* () {
        const { connect, connection } = yield* address(yield* TestDatabase)
        const lines: Array<unknown> = []
        const logger = Logger.make(({ message }) => lines.push(...[message].flat()))
        const starting = yield* Effect.forkChild(
          openPools({ connection }).pipe(
            Effect.flatMap(({ pipelined }) => pipelined(one)),
            Effect.provide(Logger.layer([logger]))
          )
        )
        yield* until(
          Effect.sync(() => lines),
          ({ length }) => length > 0
        )
        yield* connect(yield* TestDatabase)
        assert.deepStrictEqual(yield* Fiber.join(starting), [{ one: 1 }])
        assert.deepStrictEqual(new Set(lines), new Set(["Waiting for Postgres"]))
      })
    )

    it.effect("is not waited for where the database does not exist", () =>
      Effect.gen(function* () {
        const connection = yield* TestDatabase
        const error = yield* Effect.flip(openPools({ connection: { ...connection, database: "nowhere" } }))
        assert.include(Cause.pretty(Cause.fail(error)), "nowhere")
      })
    )
  })

  describe("a row", () => {
    const N = Schema.Struct({ n: Schema.Int })

    it.effect("that is not as expected is a bug, and nobody else's", () =>
      Effect.gen(function* () {
        const { pipelined } = yield* openPools({ pipelinedConnections: 1 })
        const before = yield* backend(pipelined)
        const read = (n: number | string) => rowsOf(N)(pipelined((sql) => sql`SELECT to_jsonb(${n}) AS n`))
        const exits = yield* Effect.all([1, "two", 3].map(read).map(Effect.exit), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          exits.map((exit) => (Exit.isSuccess(exit) ? exit.value : Cause.hasDies(exit.cause))),
          [[{ n: 1 }], true, [{ n: 3 }]]
        )
        const broken = yield* Effect.exit(rowOf(N)(pipelined((sql) => sql`SELECT 1 / 0 AS n`)))
        assert.isTrue(Exit.isFailure(broken) && Cause.hasDies(broken.cause))
        assert.deepStrictEqual(yield* backend(pipelined), before)
      })
    )

    it.effect("of an unreachable database is not a bug", () =>
      Effect.gen(function* () {
        const { plain } = yield* openPools({ plainConnections: 1, checkoutTimeout: "1 millis" })
        yield* Effect.forkChild(plain(() => Effect.never))
        yield* until(gauges("plain"), ({ inUse }) => inUse === 1)
        assert.strictEqual(yield* reasonOf(rowsOf(N)(plain((sql) => sql`SELECT 1 AS n`))), "checkout")
      })
    )
  })
})
