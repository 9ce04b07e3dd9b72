import { assert, describe, layer } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Layer } from "effect"
import type { Statements } from "../../../src/postgres/Gate.ts"
import { makeProxy } from "../../support/Proxy.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"
import { gauges, idle, openPools, until } from "../Pools.ts"
import { fallbacks, lag } from "./Measured.ts"
import { Pair } from "./Pair.ts"

/** Where a statement was carried out. */
const onStandby = (statements: Statements) =>
  Effect.map(
    statements((sql) => sql`SELECT pg_is_in_recovery() AS it`),
    ([row]) => row?.["it"]
  )

const used = (statements: Statements) => until(onStandby(statements), (it) => it === true)
const unused = (statements: Statements) => until(onStandby(statements), (it) => it === false)

const openBoth = Effect.flatMap(Pair, ({ primary, standby }) => openPools({ connection: primary, replica: standby }))

/** Both, and statements that go to the replica already. */
const openUsed = Effect.tap(openBoth, ({ lagging }) => used(lagging))

const reasonOf = <A, E, R>(statement: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(statement), (error) => Object(error).reason)

/** One more transaction. */
const write = Effect.flatMap(Pair, ({ onPrimary }) =>
  onPrimary("CREATE TABLE IF NOT EXISTS w (n int)").pipe(Effect.andThen(onPrimary("INSERT INTO w VALUES (1)")))
)

layer(Layer.merge(Pair.layer, TestDatabase.layer), { excludeTestServices: true, timeout: 60_000 })(
  "a replica",
  (it) => {
    it.effect("has sessions of its own, with their limits, that write nothing", () =>
      Effect.gen(function* () {
        const { lagging } = yield* openUsed
        const settings = yield* lagging(
          (sql) => sql`SELECT current_setting('application_name') AS application, current_setting('timezone') AS zone,
          current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
          current_setting('default_transaction_read_only') AS read_only`
        )
        assert.deepStrictEqual(settings, [
          { application: "payment-service replica", zone: "UTC", statement: "2s", lock: "500ms", read_only: "on" }
        ])
        assert.deepStrictEqual(yield* gauges("replica"), { size: 8, ...idle })
      })
    )

    it.effect("is not written to, nor is the primary in its place", () =>
      Effect.gen(function* () {
        const { onPrimary, primary } = yield* Pair
        yield* write
        // The primary itself for a replica: nothing but the session keeps it from being written to.
        for (const replica of [primary, (yield* Pair).standby]) {
          const { lagging } = yield* openPools({ connection: primary, replica })
          yield* until(
            lagging((sql) => sql`SELECT current_setting('default_transaction_read_only') AS it`),
            ([row]) => row?.["it"] === "on"
          )
          const exit = yield* Effect.exit(lagging((sql) => sql`INSERT INTO w VALUES (2)`))
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        }
        assert.deepStrictEqual(yield* onPrimary("SELECT n FROM w WHERE n = 2"), [])
      })
    )

    it.effect("can be looked at and read by a role that may do no more", () =>
      Effect.gen(function* () {
        const { caughtUp, onPrimary, primary, standby } = yield* Pair
        yield* onPrimary("CREATE ROLE reader LOGIN")
        yield* onPrimary("GRANT SELECT ON payments TO reader")
        yield* caughtUp
        const reader = { username: "reader" }
        const { lagging } = yield* openPools({
          connection: { ...primary, ...reader },
          replica: { ...standby, ...reader }
        })
        yield* used(lagging)
        assert.deepStrictEqual(yield* lagging((sql) => sql`SELECT id FROM payments`), [])
      })
    )

    describe("that is behind", () => {
      it.effect("is used for five seconds, and again when it has caught up", () =>
        Effect.gen(function* () {
          const { onPrimary, paused } = yield* Pair
          const { lagging } = yield* openUsed
          assert.strictEqual(yield* lag, 0)
          const before = yield* fallbacks("lag")
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* paused
              yield* onPrimary("CREATE TABLE later AS SELECT 1 AS n")
              yield* Effect.sleep("3 seconds")
              assert.isTrue(yield* onStandby(lagging))
              assert.isAbove((yield* lag) ?? 0, 1)
              const [time] = yield* Effect.timed(unused(lagging))
              assert.isBelow(Duration.toMillis(time), 3_500)
              assert.isAbove((yield* fallbacks("lag")) - before, 0)
              assert.deepStrictEqual(yield* lagging((sql) => sql`SELECT n FROM later`), [{ n: 1 }])
            })
          )
          yield* used(lagging)
          assert.strictEqual(yield* lag, 0)
        })
      )

      it.effect("is not used by a service that finds it so", () =>
        Effect.gen(function* () {
          const { paused } = yield* Pair
          yield* paused
          yield* write
          const { lagging } = yield* openBoth
          for (let look = 0; look < 20; look++) {
            assert.isFalse(yield* onStandby(lagging))
            yield* Effect.sleep("100 millis")
          }
        }).pipe(Effect.scoped)
      )

      it.effect("is not used when it hears nothing of its primary and does not know it", () =>
        Effect.gen(function* () {
          const { deaf, onStandby } = yield* Pair
          const { lagging } = yield* openUsed
          yield* deaf
          yield* write
          const [time] = yield* Effect.timed(unused(lagging))
          assert.isBelow(Duration.toMillis(time), 7_000)
          const own = "SELECT pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() AS all FROM pg_stat_wal_receiver"
          assert.deepStrictEqual(yield* onStandby(own), [{ all: true }])
        }).pipe(Effect.scoped)
      )

      it.effect("does not fail what asks for columns and tables that it has not got yet", () =>
        Effect.gen(function* () {
          const { onPrimary, paused } = yield* Pair
          const { lagging } = yield* openUsed
          yield* paused
          yield* onPrimary("CREATE TABLE newest AS SELECT 1 AS n")
          assert.isTrue(yield* onStandby(lagging))
          assert.deepStrictEqual(yield* lagging((sql) => sql`SELECT n FROM newest`), [{ n: 1 }])
          // Whose fault it is says nothing of the replica.
          assert.isTrue(yield* onStandby(lagging))
        }).pipe(Effect.scoped)
      )
    })

    describe("that is another server", () => {
      it.effect("is not used: of another system, or another database of the same", () =>
        Effect.gen(function* () {
          const { primary, standby } = yield* Pair
          const before = yield* fallbacks("foreign")
          for (const replica of [yield* TestDatabase, { ...standby, database: "postgres" }]) {
            const { lagging } = yield* openPools({ connection: primary, replica })
            const where = lagging((sql) => sql`SELECT current_database() AS it, pg_is_in_recovery() AS standby`)
            for (let look = 0; look < 20; look++) {
              assert.deepStrictEqual(yield* where, [{ it: "payments", standby: false }])
              yield* Effect.sleep("100 millis")
            }
          }
          assert.isAbove((yield* fallbacks("foreign")) - before, 2)
        })
      )
    })

    describe("a statement", () => {
      it.effect("that is in the way of the log, or is ended there, is repeated on the primary", () =>
        Effect.gen(function* () {
          const { onPrimary, onStandby: ask } = yield* Pair
          yield* onPrimary("CREATE TABLE rows AS SELECT generate_series(1, 100) AS n")
          const { lagging } = yield* openUsed
          yield* (yield* Pair).caughtUp
          const slow = lagging(
            (sql) =>
              sql`SELECT pg_is_in_recovery() AS it, count(*)::int4 AS n, pg_sleep(CASE WHEN pg_is_in_recovery() THEN 1.5 ELSE 0 END)::text FROM rows GROUP BY 1`
          )
          const before = yield* fallbacks("conflict")
          for (const disturb of [
            onPrimary("DELETE FROM rows WHERE n > 50").pipe(Effect.andThen(onPrimary("VACUUM rows"))),
            ask(
              "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
            )
          ]) {
            const [[row]] = yield* Effect.all([slow, Effect.delay(disturb, "300 millis")], { concurrency: 2 })
            assert.deepInclude(row, { it: false, n: 50 })
            assert.isTrue(yield* onStandby(lagging))
          }
          assert.strictEqual((yield* fallbacks("conflict")) - before, 2)
        })
      )

      it.effect("that takes too long there is not repeated", () =>
        Effect.gen(function* () {
          const { lagging } = yield* openUsed
          const [time, reason] = yield* Effect.timed(reasonOf(lagging((sql) => sql`SELECT pg_sleep(30)`)))
          assert.deepStrictEqual([reason, Math.round(Duration.toSeconds(time))], ["canceled", 2])
        })
      )

      it.effect("that finds the replica full is turned away, and not given to the primary", () =>
        Effect.gen(function* () {
          const { primary, standby } = yield* Pair
          const few = { pipelinedConnections: 1, checkoutTimeout: "60 millis" } as const
          const { lagging } = yield* openPools({ connection: primary, replica: standby, ...few })
          yield* used(lagging)
          yield* Effect.forEach(Array.from({ length: 4 }), () => Effect.forkChild(lagging(() => Effect.never)))
          yield* until(gauges("replica"), ({ inUse }) => inUse === 4)
          assert.strictEqual(yield* reasonOf(onStandby(lagging)), "checkout")
        })
      )
    })

    describe("that is gone", () => {
      it.effect("fails nobody, and is used again when it is back", () =>
        Effect.gen(function* () {
          const { kill, start, stop } = yield* Pair
          const { lagging } = yield* openUsed
          const exits: Array<Exit.Exit<unknown, unknown>> = []
          const keepAsking = Effect.exit(lagging((sql) => sql`SELECT pg_sleep(0.002)::text`)).pipe(
            Effect.tap((exit) => Effect.sync(() => exits.push(exit))),
            Effect.forever,
            Effect.forkChild
          )
          yield* Effect.all(Array.from({ length: 6 }, () => keepAsking))
          yield* Effect.sleep("300 millis")
          yield* kill
          yield* Effect.sleep("2 seconds")
          assert.isFalse(yield* onStandby(lagging))
          yield* stop
          yield* start
          yield* used(lagging)
          assert.isAbove(exits.length, 1_000)
          assert.deepStrictEqual(exits.filter(Exit.isFailure), [])
        })
      )

      it.effect("without a word delays what has been sent to it, and nothing after that", () =>
        Effect.gen(function* () {
          const { primary, standby } = yield* Pair
          const way = yield* makeProxy(standby)
          const replica = { ...standby, host: "127.0.0.1", port: way.port }
          const { lagging } = yield* openPools({ connection: primary, replica })
          yield* used(lagging)
          yield* way.hush
          const [time, it] = yield* Effect.timed(onStandby(lagging))
          assert.isFalse(it)
          assert.isBelow(Duration.toMillis(time), 4_000)
          const [next] = yield* Effect.timed(onStandby(lagging))
          assert.isBelow(Duration.toMillis(next), 500)
          // The network lets new connections through, and is silent on the old ones.
          yield* used(lagging)
          for (let count = 0; count < 20; count++) {
            const [time, it] = yield* Effect.timed(onStandby(lagging))
            assert.isTrue(it)
            assert.isBelow(Duration.toMillis(time), 500)
          }
        })
      )

      it.effect("from the start keeps nobody waiting", () =>
        Effect.gen(function* () {
          const { primary, standby } = yield* Pair
          const [time, it] = yield* Effect.timed(
            Effect.flatMap(
              openPools({ connection: primary, replica: { ...standby, host: "/nowhere" } }),
              ({ lagging }) => onStandby(lagging)
            )
          )
          assert.isFalse(it)
          assert.isBelow(Duration.toMillis(time), 2_000)
        })
      )
    })
  }
)
