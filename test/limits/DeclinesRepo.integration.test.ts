import { createHash } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { MerchantId } from "../../src/domain/Ids.ts"
import type { NewMerchant } from "../../src/domain/Merchant.ts"
import type { Counted } from "../../src/limits/DeclineStatements.ts"
import { DeclinesRepo } from "../../src/limits/DeclinesRepo.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsTest } from "../merchants/MerchantsTest.ts"

const merchantWith = (change: Partial<NewMerchant> = {}) =>
  Effect.map(
    Effect.flatMap(Merchants, (merchants) => merchants.create({ name: "Shop", ...change })),
    ({ id }) => id
  )

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex")

const counted = (merchantId: MerchantId, name: string, declines: number, kind: Counted["kind"] = "customer") => ({
  merchantId,
  environment: "test" as const,
  kind,
  digest: digestOf(`${merchantId} ${kind} ${name}`),
  declines,
  usual: 10
})

const usual = { customer: 10, address: 10, key: 10 }

layer(DeclinesRepo.layer.pipe(Layer.provideMerge(MerchantsTest)), { excludeTestServices: true })(
  "F-15: the declines of all processes",
  (it) => {
    it.effect("add up, and leak by a limit in ten minutes", () =>
      Effect.gen(function* () {
        const repo = yield* DeclinesRepo
        const sql = yield* PgClient.PgClient
        const id = yield* merchantWith({ declines_per_address: 4 })
        const [anna, home] = [counted(id, "anna", 4), counted(id, "home", 2, "address")]
        const levels = (yield* repo.add([anna, home])).toSorted((a, b) => b.limit - a.limit)
        assert.deepStrictEqual(
          levels.map(({ digest, level, limit }) => [digest, level, limit]),
          [
            [anna.digest, 4, 10],
            [home.digest, 2, 4]
          ]
        )
        yield* sql`UPDATE decline_levels SET updated_at = updated_at - interval '3 minutes'`
        const [again] = yield* repo.add([anna])
        assert.approximately(again?.level ?? 0, 5, 0.1)
        yield* sql`UPDATE decline_levels SET updated_at = updated_at - interval '1 hour'`
        const [last] = yield* repo.add([{ ...anna, declines: 1 }])
        assert.strictEqual(last?.level, 1)
        const [most] = yield* repo.add([{ ...anna, declines: 500 }])
        assert.strictEqual(most?.level, 19)
      })
    )

    it.effect("of a merchant that is not there are none", () =>
      Effect.gen(function* () {
        const repo = yield* DeclinesRepo
        const id = yield* merchantWith()
        const stranger = counted(id, "anna", 1)
        const gone = { ...stranger, merchantId: `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}` as MerchantId }
        assert.deepStrictEqual(yield* repo.add([gone]), [])
      })
    )

    it.effect("are full where there is no room for another one, by the limit as it is now", () =>
      Effect.gen(function* () {
        const repo = yield* DeclinesRepo
        const { change } = yield* Merchants
        const id = yield* merchantWith()
        const of = (digest: string) =>
          Effect.map(repo.blocked(usual, 100), (all) => all.filter((one) => one.digest === digest))
        const anna = counted(id, "anna", 9)
        yield* repo.add([anna])
        assert.deepStrictEqual(yield* of(anna.digest), [])
        yield* repo.add([{ ...anna, declines: 1 }])
        const [full] = yield* of(anna.digest)
        assert.approximately(full?.wait_s ?? 0, 60, 1)
        yield* change(id, { declines_per_customer: 20 })
        assert.deepStrictEqual(yield* of(anna.digest), [])
      })
    )

    it.effect("are added by processes that come in any order, and none waits for the other for ever", () =>
      Effect.gen(function* () {
        const repo = yield* DeclinesRepo
        const id = yield* merchantWith({ declines_per_customer: 100 })
        const all = Array.from({ length: 200 }, (_, n) => counted(id, `customer ${n}`, 1))
        const rounds = Array.from({ length: 40 }, (_, n) => repo.add(n % 2 === 0 ? all : all.toReversed()))
        const added = yield* Effect.all(rounds, { concurrency: 4 })
        for (const levels of added) assert.lengthOf(levels, 200)
        const [last] = yield* repo.add(all.slice(0, 1))
        assert.isAbove(last?.level ?? 0, 30)
      })
    )

    it.effect("are removed when nothing is left of them, so many at a time", () =>
      Effect.gen(function* () {
        const repo = yield* DeclinesRepo
        const sql = yield* PgClient.PgClient
        const id = yield* merchantWith()
        yield* repo.purge(1_000)
        yield* repo.add(Array.from({ length: 5 }, (_, n) => counted(id, `customer ${n}`, 1)))
        assert.strictEqual(yield* repo.purge(1_000), 0)
        yield* sql`UPDATE decline_levels SET updated_at = now() - interval '21 minutes'`
        yield* repo.add([counted(id, "customer 0", 1)])
        assert.strictEqual(yield* repo.purge(3), 3)
        yield* repo.purge(1_000)
        const left = yield* sql`SELECT encode(subject, 'hex') AS digest FROM decline_levels`
        assert.deepStrictEqual(left, [{ digest: counted(id, "customer 0", 1).digest }])
      })
    )
  }
)
