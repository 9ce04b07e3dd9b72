import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Database } from "../../src/postgres/Database.ts"
import { makeProxy } from "../support/Proxy.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

layer(TestDatabase.layer)("a Postgres that is not there any more", (it) => {
  it.effect("is waited for a second longer than it may take, and no longer", () =>
    Effect.gen(function* () {
      const { database, username, ...server } = yield* TestDatabase
      const proxy = yield* makeProxy({ database, username, ...server })
      const services = yield* Layer.build(
        Database.layer({
          connection: { host: "127.0.0.1", port: proxy.port, database, username },
          pipelinedConnections: 1,
          plainConnections: 1,
          checkoutTimeout: "2 seconds"
        })
      )
      const { pipelined } = yield* Effect.provideContext(Database, services)
      yield* pipelined((sql) => sql`SELECT 1 AS one`)
      yield* proxy.hush
      const error = yield* Effect.flip(pipelined((sql) => sql`SELECT 1 AS one`))
      assert.deepStrictEqual([error._tag, "reason" in error && error.reason], ["DatabaseUnavailable", "timeout"])
    }).pipe(TestClock.withLive)
  )
})
