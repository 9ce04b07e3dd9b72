import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Payments } from "../../src/payments/Payments.ts"
import { problemOf } from "../http/Problems.ts"
import { TestService } from "../support/TestService.ts"

layer(TestService.layer)("payments that are read at the same time", (it) => {
  it.effect("come to whoever they belong to, and to nobody else", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, merchant, request } = yield* TestService
      const other = yield* makeMerchant()
      const mine = yield* Effect.forEach([100, 300, 400], (amount) => charge({ amount }))
      const theirs = yield* Effect.forEach([500, 600], (amount) => charge({ amount }, { key: other.keys.all }))
      const get = (id: string, key: string) => request({ path: `/v1/payments/${id}`, key })
      const asked = Array.from({ length: 60 }, (_, n) => {
        const { json } = [...mine, ...theirs][n % 5] ?? assert.fail()
        const isMine = n % 5 < 3
        const owner = isMine ? merchant : other
        const stranger = isMine ? other : merchant
        return Effect.all(
          [get(json.id, owner.keys.read), get(json.id, stranger.keys.read), get(json.id, owner.keys.live)],
          {
            concurrency: "unbounded"
          }
        ).pipe(Effect.map((answers) => ({ json, answers })))
      })
      for (const { answers, json } of yield* Effect.all(asked, { concurrency: "unbounded" })) {
        const [own, foreign, live] = answers
        assert.strictEqual(own.status, 200)
        assert.deepStrictEqual(own.json, json)
        for (const answer of [foreign, live]) assert.deepStrictEqual(problemOf(answer), [404, "payment_not_found"])
      }
    })
  )

  it.effect("share statements", () =>
    Effect.gen(function* () {
      const { charge, merchant } = yield* TestService
      const payments = yield* Payments
      const sql = yield* PgClient.PgClient
      yield* sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`
      const reads = sql<{
        readonly calls: number
      }>`SELECT coalesce(sum(calls), 0)::int4 AS calls FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query LIKE '%asked_for%FROM found%'`
      const { json } = yield* charge()
      const [before] = yield* reads
      const asked = Array.from({ length: 200 }, () =>
        payments.get({ merchantId: merchant.id, environment: "test" }, json.id)
      )
      for (const { payment } of yield* Effect.all(asked, { concurrency: "unbounded" })) {
        assert.strictEqual(payment.id, json.id)
      }
      const [after] = yield* reads
      const statements = Number(after?.calls) - Number(before?.calls)
      assert.isAtLeast(statements, 1)
      // One, one more, and then up to 32 at a time.
      assert.isAtMost(statements, 10)
    })
  )

  it.effect("cost one statement for a hundred ids, and for one that has not changed no more than its version", () =>
    Effect.gen(function* () {
      const { charge, merchant, request } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`
      // Of `transactions` the others' upkeep reads too, but nothing else reads a whole payment.
      const statements = sql<{ readonly query: string; readonly calls: number }>`
        SELECT query, calls::int4 AS calls FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND query ~ '(FROM|JOIN) payments p' AND query !~ 'pg_stat_statements'`
      const made = <A, E, R>(asked: Effect.Effect<A, E, R>) =>
        Effect.gen(function* () {
          const before = new Map((yield* statements).map(({ calls, query }) => [query, calls]))
          yield* asked
          const after = yield* statements
          return after.flatMap(({ calls, query }) => Array<string>(calls - (before.get(query) ?? 0)).fill(query))
        })
      const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
        request({ path: `/v1/payments${path}`, key: merchant.keys.read, headers })

      const ids = yield* Effect.forEach(Array.from({ length: 100 }), () => charge(), { concurrency: 20 })
      const named = yield* made(get(`?ids=${ids.map(({ json }) => json.id).join(",")}`))
      assert.deepStrictEqual(named.filter((query) => query.includes("ANY")).length, 1, named.join("\n"))

      const one = `/${ids[0]?.json.id}`
      const { etag = "" } = (yield* get(one)).headers
      const asked = (yield* made(get(one, { "if-none-match": etag }))).filter((query) => query.includes("asked_for"))
      assert.lengthOf(asked, 1)
      assert.notMatch(asked[0] ?? "", /p\.status|jsonb_agg/)
    })
  )
})
