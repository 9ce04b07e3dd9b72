import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import type { LocalDatabase } from "../../../src/local/LocalDatabase.ts"
import { closedPort } from "../../epx/Ports.ts"
import { runToEnd } from "../../process/Program.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"
import { openPools } from "../Pools.ts"
import { Pair } from "./Pair.ts"

const Report = Schema.fromJsonString(
  Schema.Struct({
    findings: Schema.Array(Schema.Struct({ check: Schema.String, status: Schema.String, found: Schema.String }))
  })
)

const urlOf = ({ database, host, port, username }: LocalDatabase) =>
  `postgres://${username}:hunter2@localhost:${port}/${database}?host=${encodeURIComponent(host)}`

/** What doctor says of this replica. */
const told = Effect.fnUntraced(function* (url: string) {
  const { primary } = yield* Pair
  const env = { APP_ENV: "test", DATABASE_URL: urlOf(primary), DATABASE_REPLICA_URL: url }
  const { code, stdout } = yield* runToEnd(["doctor", "--json"], env)
  const { findings } = yield* Schema.decodeEffect(Report)(stdout)
  assert.notInclude(stdout, "hunter2")
  const found = findings.filter(({ check }) => check === "replica").map(({ found, status }) => `${status}: ${found}`)
  return [code, found.join()] as const
})

layer(Layer.merge(Pair.layer, TestDatabase.layer), { excludeTestServices: true, timeout: 60_000 })("doctor", (it) => {
  it.effect(
    "looks whether the replica is one, and how far it is",
    () =>
      Effect.gen(function* () {
        const { onStandby, primary, standby } = yield* Pair
        const [code, follows] = yield* told(urlOf(standby))
        assert.match(follows, /^ok: localhost:\d+\/payments follows the primary, and has all that it has\.$/)
        assert.strictEqual(code, 0)
        const [failed, foreign] = yield* told(urlOf(yield* TestDatabase))
        assert.match(foreign, /^failed: The Postgres at localhost:\d+\/test_\S+ is no replica of this database\.$/)
        assert.strictEqual(failed, 1)
        const nowhere = `postgres://app:hunter2@127.0.0.1:${yield* closedPort}/payments`
        const [unharmed, unreachable] = yield* told(nowhere)
        assert.match(unreachable, /^warning: 127\.0\.0\.1:\d+\/payments cannot be used: connect ECONNREFUSED/)
        assert.strictEqual(unharmed, 0)

        // From now on it goes its own way.
        yield* onStandby("SELECT pg_promote()")
        assert.match((yield* told(urlOf(standby)))[1], /is no replica of this database/)
        const { lagging } = yield* openPools({ connection: primary, replica: standby })
        for (let look = 0; look < 15; look++) {
          const where = yield* lagging((sql) => sql`SELECT current_setting('default_transaction_read_only') AS it`)
          assert.deepStrictEqual(where, [{ it: "off" }])
          yield* Effect.sleep("100 millis")
        }
      }),
    60_000
  )
})
