import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import { inject } from "vitest"
import { createDatabase, dropDatabase, type LocalDatabase } from "../../src/local/LocalDatabase.ts"

/**
 * A database of its own, with the newest schema and no rows. Build it once per file (`layer(TestDatabase.layer)`), and
 * delete rows between tests: that is a hundred times cheaper than another database.
 */
export class TestDatabase extends Context.Service<TestDatabase, LocalDatabase>()("payment-service/test/TestDatabase") {
  static readonly layer = Layer.effect(
    TestDatabase,
    Effect.suspend(() => {
      const { server, template } = inject("postgres")
      return Effect.acquireRelease(createDatabase(server, `test_${randomUUID()}`, template), ({ database }) =>
        Effect.ignore(dropDatabase(server, database))
      )
    })
  )

  /** The same with a small pool connected to it, for tests that talk SQL themselves. */
  static readonly layerClient = Layer.unwrap(
    Effect.map(TestDatabase, (database) => PgClient.layer({ ...database, maxConnections: 4 }))
  ).pipe(Layer.provideMerge(TestDatabase.layer))
}
