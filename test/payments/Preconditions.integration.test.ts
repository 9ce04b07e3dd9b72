import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PaymentIds } from "../../src/domain/Ids.ts"
import { TestService } from "../support/TestService.ts"
import { outcome, paymentOf, post, sent, settleAll, tagOf } from "./Asked.ts"

const made = (change: object = {}) =>
  Effect.flatMap(TestService, ({ charge }) => Effect.map(charge(change), ({ json }): string => json.id))

/** Everything of it that is on record. */
const recorded = (id: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) => {
    const uuid = PaymentIds.toUuid(PaymentIds.Id.make(id))
    return sql`SELECT (SELECT p.version FROM payments p WHERE p.id = ${uuid}::uuid) AS version,
      (SELECT count(*) FROM transactions t WHERE t.payment_id = ${uuid}::uuid)::int4 AS calls`
  })

const routes = [
  { route: "capture", made: made({ capture: false }), done: "captured", type: "CCE4" },
  { route: "void", made: made(), done: "voided", type: "CCE7" },
  { route: "refunds", made: Effect.tap(made(), settleAll), done: "refunded", type: "CCE9" }
] as const

layer(TestService.layer)("a follow-up of a payment with If-Match", (it) => {
  for (const { done, made, route, type } of routes) {
    it.effect(`${route}: is not recorded or sent once the payment has changed`, () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const id = yield* made
        const seen = yield* tagOf(id)
        yield* sql`UPDATE payments SET version = version + 1 WHERE id = ${PaymentIds.toUuid(PaymentIds.Id.make(id))}::uuid`
        const [before, calls] = [yield* recorded(id), yield* sent(type)]
        for (const ifMatch of [seen, `"x", ${seen.replace("W/", "")}`, '"1"', ""]) {
          const idempotencyKey = randomUUID()
          assert.deepStrictEqual(outcome(yield* post(id, route, {}, { ifMatch, idempotencyKey })), [
            412,
            "precondition_failed"
          ])
        }
        assert.deepStrictEqual([yield* recorded(id), yield* sent(type)], [before, calls])
        const ifMatch = `${seen}, ${yield* tagOf(id)}`
        assert.deepStrictEqual(outcome(yield* post(id, route, {}, { ifMatch })), [201, done])
        assert.strictEqual(yield* sent(type), calls + 1)
      })
    )

    it.effect(`${route}: any version will do for *`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(outcome(yield* post(yield* made, route, {}, { ifMatch: "*" })), [201, done])
      })
    )

    it.effect(`${route}: gets its first answer again, whatever a repeat names`, () =>
      Effect.gen(function* () {
        const id = yield* made
        const asked = { idempotencyKey: randomUUID(), ifMatch: yield* tagOf(id) }
        const first = yield* post(id, route, {}, asked)
        assert.deepStrictEqual(outcome(first), [201, done])
        const calls = yield* sent(type)
        for (const ifMatch of [asked.ifMatch, yield* tagOf(id), '"0"', "*"]) {
          const again = yield* post(id, route, {}, { ...asked, ifMatch })
          assert.deepStrictEqual(outcome(again), [201, done])
          assert.strictEqual(again.headers["idempotent-replayed"], "true")
          assert.strictEqual(again.headers["transaction-id"], first.headers["transaction-id"])
        }
        assert.strictEqual(yield* sent(type), calls)
      })
    )
  }

  it.effect("counts the steps of a reversal that came to nothing, as its ETag does", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const id = yield* made({ capture: false })
      const before = yield* tagOf(id)
      yield* sql`INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
          merch_nbr, batch_id, tran_nbr, reversal_of, send_by, lease_until)
        SELECT gen_random_uuid(), payment_id, merchant_id, environment, terminal_id, 'reversal', 'declined', amount,
          merch_nbr, batch_id, tran_nbr, id, now(), now()
        FROM transactions WHERE payment_id = ${PaymentIds.toUuid(PaymentIds.Id.make(id))}::uuid`
      const late = yield* post(id, "capture", {}, { ifMatch: before })
      assert.deepStrictEqual(outcome(late), [412, "precondition_failed"])
      const ifMatch = yield* tagOf(id)
      assert.deepStrictEqual(outcome(yield* post(id, "capture", {}, { ifMatch })), [201, "captured"])
    })
  )

  it.effect("leaves its key free where it was refused, for another try", () =>
    Effect.gen(function* () {
      const id = yield* made({ capture: false })
      const idempotencyKey = randomUUID()
      const refused = yield* post(id, "capture", {}, { idempotencyKey, ifMatch: '"0"' })
      assert.deepStrictEqual(outcome(refused), [412, "precondition_failed"])
      const asked = { idempotencyKey, ifMatch: yield* tagOf(id) }
      assert.deepStrictEqual(outcome(yield* post(id, "capture", {}, asked)), [201, "captured"])
    })
  )

  it.effect("is told of a payment that there is not, and of what is wrong with it once nothing has changed", () =>
    Effect.gen(function* () {
      const id = yield* made()
      const missing = "pay_01m8237pr4e1arkp55gm99w838"
      assert.deepStrictEqual(outcome(yield* post(missing, "void", {}, { ifMatch: '"0"' })), [404, "payment_not_found"])
      const ifMatch = yield* tagOf(id)
      assert.deepStrictEqual(outcome(yield* post(id, "capture", {}, { ifMatch })), [409, "not_capturable"])
      assert.deepStrictEqual(outcome(yield* post(id, "capture", {}, { ifMatch: '"0"' })), [412, "precondition_failed"])
    })
  )

  it.effect("voids what has not settled only in the version that was to be refunded", () =>
    Effect.gen(function* () {
      const id = yield* made()
      const body = { prefer_void: true }
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", body, { ifMatch: '"0"' })), [
        412,
        "precondition_failed"
      ])
      assert.strictEqual((yield* paymentOf(id)).status, "captured")
      const asked = { ifMatch: yield* tagOf(id) }
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", body, asked)), [201, "voided"])
    })
  )

  it.effect("gives up a refund that waits only in the version that was seen", () =>
    Effect.gen(function* () {
      const id = yield* made()
      const seen = yield* tagOf(id)
      const transaction_id = (yield* post(id, "refunds", { amount: 500 })).headers["transaction-id"]
      const ask = (ifMatch: string) => post(id, "void", { transaction_id }, { ifMatch })
      assert.deepStrictEqual(outcome(yield* ask(seen)), [412, "precondition_failed"])
      assert.deepStrictEqual(outcome(yield* ask(yield* tagOf(id))), [201, "captured"])
    })
  )
})
