import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Schedule, Scope } from "effect"
import { type Listening, listenOn } from "../../src/postgres/Notices.ts"
import { makeProxy } from "../support/Proxy.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

/** Listens through a proxy, and counts how often it was told that something may have changed. */
const listening = Effect.gen(function* () {
  const { database, username, ...server } = yield* TestDatabase
  const proxy = yield* makeProxy({ database, username, ...server })
  const told = { times: 0 }
  const connection = { host: "127.0.0.1", port: proxy.port, database, username }
  const count = Effect.sync(() => {
    told.times++
  })
  const { isCurrent } = yield* listenOn(connection, "tests", count)
  return { isCurrent, proxy, told }
})

const until = (condition: () => boolean) =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.fail("not yet"))).pipe(
    Effect.retry(Schedule.max([Schedule.spaced("20 millis"), Schedule.recurs(600)]))
  )

const notify = Effect.flatMap(PgClient.PgClient, (sql) => sql.notify("tests", ""))

const isOver = ({ isCurrent }: Listening) => until(() => !isCurrent())

layer(TestDatabase.layerClient, { excludeTestServices: true })("a channel of Postgres", (it) => {
  it.effect("is heard at once, by whoever is current", () =>
    Effect.gen(function* () {
      const { isCurrent, told } = yield* listening
      assert.isFalse(isCurrent())
      yield* until(isCurrent)
      assert.strictEqual(told.times, 1)
      for (const times of [2, 3]) {
        yield* notify
        yield* until(() => told.times === times)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("is listened to again when the connection has broken, and what was missed is taken for a notice", () =>
    Effect.gen(function* () {
      const { isCurrent, proxy, told } = yield* listening
      yield* until(isCurrent)
      yield* proxy.cut
      yield* isOver({ isCurrent })
      yield* notify
      assert.strictEqual(told.times, 1)
      yield* proxy.mend
      yield* until(isCurrent)
      assert.strictEqual(told.times, 2)
    }).pipe(Effect.scoped)
  )

  it.effect(
    "is not trusted when it says nothing at all",
    () =>
      Effect.gen(function* () {
        const { isCurrent, proxy } = yield* listening
        yield* until(isCurrent)
        const hushed = performance.now()
        yield* proxy.hush
        yield* isOver({ isCurrent })
        assert.isBelow(performance.now() - hushed, 6_000)
      }).pipe(Effect.scoped),
    20_000
  )

  it.effect(
    "does not hold up who stops listening, even if Postgres has just fallen silent",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { isCurrent, proxy } = yield* Scope.provide(listening, scope)
        yield* until(isCurrent)
        yield* proxy.hush
        const start = performance.now()
        yield* Scope.close(scope, Exit.void)
        assert.isBelow(performance.now() - start, 8_000)
      }),
    20_000
  )

  it.effect("is heard as soon as a Postgres answers that was not there at first", () =>
    Effect.gen(function* () {
      const { database, username, ...server } = yield* TestDatabase
      const proxy = yield* makeProxy({ database, username, ...server })
      yield* proxy.cut
      const connection = { host: "127.0.0.1", port: proxy.port, database, username }
      const { isCurrent } = yield* listenOn(connection, "tests", Effect.void)
      yield* Effect.sleep("100 millis")
      assert.isFalse(isCurrent())
      yield* proxy.mend
      yield* until(isCurrent)
    }).pipe(Effect.scoped)
  )
})
