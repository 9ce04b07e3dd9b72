import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { ApiKeyIds } from "../../src/domain/Ids.ts"
import { scopes } from "../../src/domain/Scope.ts"
import { type Buyer, DeclineGuard } from "../../src/http/DeclineGuard.ts"
import { declineGuardLayer } from "../../src/limits/Declines.ts"
import { DeclinesRepo } from "../../src/limits/DeclinesRepo.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { TestService } from "../support/TestService.ts"

const limits = { customer: 3, address: 4, key: 5 }

/** The guard as another process has it: nothing but the database is shared. */
const process = Effect.map(
  Layer.build(Layer.fresh(declineGuardLayer(limits).pipe(Layer.provide(DeclinesRepo.layer)))),
  (context) => Context.get(context, DeclineGuard)
)

const shop = Effect.gen(function* () {
  const { charge, makeMerchant, operatorKey, requestOps, simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  const merchant = yield* makeMerchant()
  const { id, keys, terminal } = merchant
  const ask = (change: object, key = keys.all) => charge(change, { key })
  const own = sql`merchant_id = (SELECT merchant_id FROM terminals WHERE merch_nbr = ${terminal.split("-")[1] ?? ""})`
  return {
    merchant,
    /** Which levels are those of its customers. */
    levels: sql`kind = 'customer' AND ${own}`,
    sell: ask,
    /** The issuer refuses this amount. */
    decline: (change: object, key = keys.all) =>
      Effect.map(ask({ amount: 120, ...change }, key), ({ json, status }) => [status, json.status ?? json.code]),
    change: (json: object) => requestOps({ method: "PATCH", path: `/v1/merchants/${id}`, key: operatorKey, json }),
    /** What is on record, and what was sent. */
    traces: Effect.gen(function* () {
      const [row] = yield* sql`SELECT (SELECT count(*) FROM payments WHERE ${own})::int4 AS payments,
        (SELECT count(*) FROM transactions WHERE ${own})::int4 AS transactions,
        (SELECT count(*) FROM events WHERE ${own})::int4 AS events`
      return { ...row, sent: (yield* simulator.requests({ key: terminal })).length }
    })
  }
})

const declined = [201, "declined"]

/** Asks until it holds. */
const soon = <A, E, R>(ask: Effect.Effect<A, E, R>, holds: (answer: A) => boolean) =>
  ask.pipe(Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: holds }), Effect.timeout("5 seconds"))

const buyerOf = ({ id }: { readonly id: Buyer["merchantId"] }, change: Partial<Buyer>): Buyer => ({
  merchantId: id,
  environment: "test",
  keyId: ApiKeyIds.fromUuid(randomUUID()),
  customerId: null,
  address: null,
  ...change
})

layer(
  TestService.layerWith(() => ({ declineLimits: limits })),
  { excludeTestServices: true }
)("F-15: card testing", (it) => {
  it.effect("of one customer is refused, with nothing recorded and nothing sent, and nobody else's payments are", () =>
    Effect.gen(function* () {
      const { decline, sell, traces } = yield* shop
      const anna = { customer_id: "anna" }
      for (let n = 0; n < 3; n++) assert.deepStrictEqual(yield* decline(anna), declined)
      const before = yield* traces
      const refused = yield* sell(anna)
      assert.deepStrictEqual(
        [refused.status, refused.json.code, refused.json.per, refused.headers["content-type"]],
        [429, "too_many_declines", "customer", "application/problem+json"]
      )
      assert.match(String(refused.headers["retry-after"]), /^(200|199|19[0-8])$/)
      assert.strictEqual(refused.json.retry_after, Number(refused.headers["retry-after"]))
      assert.match(refused.json.detail, /card testing. Nothing was done/)
      assert.strictEqual(refused.json.request_id, refused.headers["x-request-id"])
      assert.strictEqual((yield* sell({ ...anna, capture: false })).status, 429)
      assert.deepStrictEqual(yield* traces, before)
      assert.strictEqual((yield* sell({ customer_id: "bob" })).status, 201)
      assert.strictEqual((yield* sell({})).status, 201)
      assert.strictEqual((yield* (yield* shop).sell(anna)).status, 201)
    })
  )

  it.effect("from one address is refused, of IPv6 from its whole network", () =>
    Effect.gen(function* () {
      for (const [one, same, other] of [
        ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"],
        ["2001:db8:0:1::1", "2001:0DB8::1:ffff:0:0:1", "2001:db8:0:2::1"]
      ] as const) {
        const { decline, sell } = yield* shop
        for (let n = 0; n < 4; n++) {
          const customer_ip = n % 2 === 0 ? one : same
          assert.deepStrictEqual(yield* decline({ customer_ip, customer_id: `customer ${n}` }), declined)
        }
        assert.strictEqual((yield* sell({ customer_ip: same })).json.per, "address")
        assert.strictEqual((yield* sell({ customer_ip: other })).status, 201)
      }
    })
  )

  it.effect("with one key is refused, whoever is charged from wherever", () =>
    Effect.gen(function* () {
      const { createForMerchant } = yield* ApiKeys
      const { decline, merchant, sell } = yield* shop
      for (let n = 0; n < 5; n++) {
        assert.deepStrictEqual(yield* decline({ customer_ip: `192.0.2.${n}`, customer_id: `${n}` }), declined)
      }
      assert.strictEqual((yield* sell({})).json.per, "key")
      const key = { name: "Other", environment: "test", scopes, expiresAt: null } as const
      const { secret } = yield* createForMerchant(merchant.id, key)
      assert.strictEqual((yield* sell({}, Redacted.value(secret))).status, 201)
    })
  )

  it.effect("is told by what is declined, and not by what is approved, refused by EPX or sent again", () =>
    Effect.gen(function* () {
      const { sell, decline, merchant } = yield* shop
      const { charge } = yield* TestService
      const anna = { customer_id: "anna" }
      for (let n = 0; n < 6; n++) assert.strictEqual((yield* sell(anna)).json.status, "captured")
      const idempotencyKey = randomUUID()
      for (let n = 0; n < 6; n++) {
        const again = yield* charge({ ...anna, amount: 120 }, { key: merchant.keys.all, idempotencyKey })
        assert.deepStrictEqual([again.status, again.json.status], declined)
      }
      assert.deepStrictEqual(yield* decline(anna), declined)
      assert.strictEqual((yield* sell(anna)).status, 201)
    })
  )

  it.effect("leaves what was charged before as it is: whoever asks again is told, and not refused", () =>
    Effect.gen(function* () {
      const { merchant, sell } = yield* shop
      const { charge } = yield* TestService
      const anna = { customer_id: "anna" }
      const keyed = (change: object) => {
        const idempotencyKey = randomUUID()
        return charge({ ...anna, ...change }, { key: merchant.keys.all, idempotencyKey })
      }
      const [sold, ...refused] = [keyed({}), keyed({ amount: 120 }), keyed({ amount: 120 }), keyed({ amount: 120 })]
      const first = yield* sold
      for (const one of refused) assert.deepStrictEqual((yield* one).json.status, "declined")
      assert.strictEqual((yield* sell(anna)).status, 429)
      const again = yield* sold
      assert.deepStrictEqual([again.status, again.json.id], [201, first.json.id])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
      for (const one of refused) assert.strictEqual((yield* one).json.status, "declined")
    })
  )

  it.effect("does not say that another request under the key is the same", () =>
    Effect.gen(function* () {
      const { decline, merchant, sell } = yield* shop
      const { charge } = yield* TestService
      const anna = { customer_id: "anna" }
      const idempotencyKey = randomUUID()
      const options = { key: merchant.keys.all, idempotencyKey }
      yield* charge(anna, options)
      for (let n = 0; n < 3; n++) yield* decline(anna)
      assert.strictEqual((yield* sell(anna)).status, 429)
      const other = yield* charge({ ...anna, amount: 2_000 }, options)
      assert.deepStrictEqual([other.status, other.json.code], [422, "idempotency_key_reused"])
    })
  )

  it.effect("is told by what does not fit the address, where the merchant refuses that", () =>
    Effect.gen(function* () {
      const { change, sell } = yield* shop
      yield* change({ reject_on_avs: true })
      const wrong = { customer_id: "anna", billing_address: { street: "9 Elsewhere", postal_code: "99999" } }
      for (let n = 0; n < 3; n++) assert.strictEqual((yield* sell(wrong)).json.status, "declined")
      assert.strictEqual((yield* sell(wrong)).status, 429)
    })
  )

  it.effect("stops nothing but new charges", () =>
    Effect.gen(function* () {
      const { decline, merchant, sell } = yield* shop
      const { request } = yield* TestService
      const anna = { customer_id: "anna" }
      const held = yield* sell({ ...anna, capture: false })
      const sold = yield* sell(anna)
      for (let n = 0; n < 3; n++) yield* decline(anna)
      assert.strictEqual((yield* sell(anna)).status, 429)
      const post = (path: string, json: object) =>
        request({ path, key: merchant.keys.all, headers: { "idempotency-key": randomUUID() }, json })
      const statuses = [
        yield* post(`/v1/payments/${held.json.id}/capture`, {}),
        yield* post(`/v1/payments/${held.json.id}/void`, {}),
        yield* post(`/v1/payments/${sold.json.id}/refunds`, {}),
        yield* request({ path: "/v1/payments/cancel-by-key", key: merchant.keys.all, json: { idempotency_key: "x" } }),
        yield* request({ path: `/v1/payments/${sold.json.id}`, key: merchant.keys.read })
      ].map(({ status }) => status)
      assert.notInclude(statuses, 429)
    })
  )

  it.effect("counts though whoever asked does not wait for the answer", () =>
    Effect.gen(function* () {
      const { decline, merchant, sell } = yield* shop
      const { simulator } = yield* TestService
      yield* simulator.scenarios.add({
        effect: "SLOW_2000",
        match: { TRAN_TYPE: "CCE1" },
        times: 3,
        key: merchant.terminal
      })
      const anna = { customer_id: "anna" }
      yield* Effect.all(
        Array.from({ length: 3 }, () => Effect.timeoutOption(decline(anna), "500 millis")),
        { concurrency: 3 }
      )
      yield* Effect.sleep("2 seconds")
      assert.strictEqual(
        (yield* soon(
          Effect.suspend(() => sell(anna)),
          ({ status }) => status === 429
        )).json.per,
        "customer"
      )
    })
  )

  it.effect("that one process has found is refused by the others within a second, and both count together", () =>
    Effect.gen(function* () {
      const other = yield* process
      const { decline, merchant, sell } = yield* shop
      const [anna, bob] = [buyerOf(merchant, { customerId: "anna" }), buyerOf(merchant, { customerId: "bob" })]
      for (let n = 0; n < 3; n++) assert.deepStrictEqual(yield* decline({ customer_id: "anna" }), declined)
      const heard = yield* soon(
        Effect.sync(() => other.refusal(anna)),
        (refusal) => refusal !== undefined
      ).pipe(Effect.timeout("1 second"))
      assert.strictEqual(heard?.per, "customer")
      assert.isUndefined(other.refusal(bob))

      assert.deepStrictEqual(yield* decline({ customer_id: "bob" }), declined)
      other.count(bob)
      other.count(bob)
      assert.deepStrictEqual(
        (yield* soon(
          Effect.suspend(() => sell({ customer_id: "bob" })),
          ({ status }) => status === 429
        )).json.per,
        "customer"
      )
    })
  )

  it.effect("is over when enough has leaked away, in the database too", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { decline, levels, sell } = yield* shop
      const anna = { customer_id: "anna" }
      for (let n = 0; n < 3; n++) yield* decline(anna)
      yield* soon(sql`SELECT 1 FROM decline_levels WHERE level > most - 1 AND ${levels}`, (rows) => rows.length > 0)
      assert.strictEqual((yield* sell(anna)).status, 429)
      // A level of three leaks by one in two hundred seconds.
      yield* sql`UPDATE decline_levels SET updated_at = updated_at - interval '210 seconds' WHERE ${levels}`
      yield* sql`SELECT pg_notify('declines', '')`
      yield* soon(
        Effect.suspend(() => sell(anna)),
        ({ status }) => status === 201
      )
      assert.deepStrictEqual(yield* decline(anna), declined)
      yield* soon(
        Effect.suspend(() => sell(anna)),
        ({ status }) => status === 429
      )
    })
  )

  it.effect("is learnt anew after the connection that listens was lost", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { decline, levels, sell } = yield* shop
      const anna = { customer_id: "anna" }
      yield* decline(anna)
      yield* soon(sql`SELECT 1 FROM decline_levels WHERE ${levels}`, (rows) => rows.length > 0)
      // Nobody tells of this.
      yield* sql`UPDATE decline_levels SET level = most, updated_at = now() WHERE ${levels}`
      assert.strictEqual((yield* sell(anna)).status, 201)
      yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'payment-service notices' AND datname = current_database()`
      yield* soon(
        Effect.suspend(() => sell(anna)),
        ({ status }) => status === 429
      )
    })
  )

  it.effect("has its own limits for a merchant, and ends at once where an operator raises one", () =>
    Effect.gen(function* () {
      const { change, decline, sell } = yield* shop
      const anna = { customer_id: "anna" }
      const own = { declines_per_customer: 1, declines_per_address: 2, declines_per_key: 50 }
      const changed = yield* change(own)
      assert.deepInclude(changed.json, own)
      assert.deepStrictEqual(yield* decline(anna), declined)
      assert.strictEqual(
        (yield* soon(
          Effect.suspend(() => sell(anna)),
          ({ status }) => status === 429
        )).json.retry_after,
        600
      )
      yield* change({ declines_per_customer: 40 })
      yield* soon(
        Effect.suspend(() => sell(anna)),
        ({ status }) => status === 201
      )
      for (let n = 0; n < 6; n++) assert.deepStrictEqual(yield* decline(anna), declined)
      assert.isNull((yield* change({ declines_per_customer: null })).json.declines_per_customer)
      assert.strictEqual((yield* change({ declines_per_key: 0 })).json.errors[0].pointer, "/declines_per_key")
    })
  )

  it.effect("is none of the payment: an address that is none is refused, and one that is leaves no trace", () =>
    Effect.gen(function* () {
      const { sell } = yield* shop
      for (const customer_ip of ["", "1.2.3", "fe80::1%eth0", 7]) {
        const answer = yield* sell({ customer_ip })
        assert.deepStrictEqual([answer.status, answer.json.errors[0].pointer], [422, "/customer_ip"])
      }
      const answer = yield* sell({ customer_ip: "192.0.2.1" })
      assert.notInclude(answer.text, "192.0.2.1")
    })
  )
})

layer(
  TestService.layerWith(() => ({ declineLimits: limits })),
  { excludeTestServices: true }
)("F-15: a guard without its table", (it) => {
  it.effect("fails and delays no payment, and still counts in its own process", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { decline, merchant, sell } = yield* shop
      yield* sql`ALTER TABLE decline_levels RENAME TO gone`
      const other = yield* process
      for (let n = 0; n < 3; n++) assert.deepStrictEqual(yield* decline({ customer_id: "anna" }), declined)
      assert.strictEqual((yield* sell({ customer_id: "bob" })).json.status, "captured")
      assert.strictEqual((yield* sell({ customer_id: "anna" })).status, 429)
      yield* sql`ALTER TABLE gone RENAME TO decline_levels`
      // What was counted meanwhile stays where it was.
      assert.isUndefined(other.refusal(buyerOf(merchant, { customerId: "anna", address: Redacted.make("::1") })))
    })
  )

  it.effect("waits for a row that somebody holds behind the back of the payments", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { decline, sell } = yield* shop
      assert.deepStrictEqual(yield* decline({ customer_id: "anna" }), declined)
      yield* soon(sql`SELECT 1 FROM decline_levels`, (rows) => rows.length > 0)
      yield* Effect.gen(function* () {
        yield* sql`LOCK TABLE decline_levels IN ACCESS EXCLUSIVE MODE`
        const start = performance.now()
        for (let n = 0; n < 2; n++) assert.deepStrictEqual(yield* decline({ customer_id: "anna" }), declined)
        assert.strictEqual((yield* sell({ customer_id: "anna" })).status, 429)
        assert.isBelow(performance.now() - start, 1_000)
      }).pipe(sql.withTransaction)
    })
  )
})
