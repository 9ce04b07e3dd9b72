import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { PaymentIds } from "../../src/domain/Ids.ts"
import { problemOf } from "../http/Problems.ts"
import { until } from "../payments/Asked.ts"
import { changesNothing } from "../security/Digest.ts"
import { TestService } from "../support/TestService.ts"
import { ask, exception, exceptionOf, makeShop, resolve } from "./Doubtful.ts"

const evidence = "EPX case 4711: voided by hand"

const auditOf = (payment: string) => Effect.map(ask(`/audit-events?payment_id=${payment}`), ({ json }) => json.data)

const voidsOf = Effect.fnUntraced(function* (payment: string) {
  const sql = yield* PgClient.PgClient
  return yield* sql<{ readonly status: string }>`SELECT status FROM transactions
    WHERE payment_id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment))}::uuid AND type = 'void' ORDER BY id`
})

/** As if half an hour had passed. */
const age = Effect.fnUntraced(function* (payment: string) {
  const sql = yield* PgClient.PgClient
  yield* sql`UPDATE transactions SET created_at = created_at - interval '31 minutes'
    WHERE payment_id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment))}::uuid`
})

/** A sale that EPX approved after it had been called failed. Its voids are refused or do not leave. */
const makeLate = Effect.fnUntraced(function* (effect: string) {
  const { simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  const shop = yield* makeShop
  yield* shop.breaks(effect, "CCEX")
  yield* simulator.scenarios.add({
    effect: "SLOW_1500",
    match: { TRAN_TYPE: "CCE1" },
    key: shop.merchant.terminal
  })
  const answer = yield* Effect.forkChild(shop.charge())
  const [payment] = yield* until(
    sql<{ readonly id: string }>`SELECT payment_id AS id FROM transactions
      WHERE merchant_id = (SELECT merchant_id FROM terminals WHERE merch_nbr = ${shop.merchant.terminal.split("-")[1] ?? ""})
        AND status = 'submitting'`,
    ({ length }) => length > 0
  )
  const id = PaymentIds.fromUuid(payment?.id ?? "")
  yield* until(simulator.requests({ key: shop.merchant.terminal }), ({ length }) => length > 0)
  yield* sql`UPDATE transactions SET status = 'failed', attempts = 2 WHERE payment_id = ${payment?.id ?? ""}::uuid`
  yield* sql`UPDATE payments SET first_status = 'failed', calls = 0 WHERE id = ${payment?.id ?? ""}::uuid`
  yield* until(voidsOf(id), (voids) => voids.length > 0 && voids.every(({ status }) => status !== "submitting"))
  yield* Fiber.join(answer)
  return { shop, id }
})

layer(TestService.layer)("a late approval whose void does not go through", (it) => {
  it.effect("is left to people after half an hour, and nothing more is sent once they have looked", () =>
    Effect.gen(function* () {
      const { id, shop } = yield* makeLate("CODE_51")
      assert.isUndefined(yield* exceptionOf(id))
      yield* age(id)
      const found = yield* exception(id)
      assert.deepInclude(found, {
        kind: "late_approval",
        outcomes: ["failed", "reversed"],
        payment_status: "failed",
        type: "sale",
        status: "failed",
        late_response_code: "00",
        has_bric: true
      })
      assert.strictEqual(found.attempts[0].status, "declined")
      const wrong = yield* changesNothing(resolve(found.id, { outcome: "approved" }))
      assert.deepStrictEqual(problemOf(wrong), [422, "outcome_not_allowed"])
      const { json, status } = yield* resolve(found.id, { outcome: "reversed", evidence })
      assert.deepStrictEqual([status, json.payment.status, json.payment.amount_captured], [200, "failed", 0])
      assert.isUndefined(yield* exceptionOf(id))
      const [audit, ...others] = yield* auditOf(id)
      assert.deepStrictEqual([audit.id, others.length], [json.audit_event_id, 0])
      assert.deepInclude(audit, { action: "exception.resolved", transaction_id: found.id })
      assert.deepStrictEqual(audit.detail, { outcome: "reversed", evidence })
      const again = yield* changesNothing(resolve(found.id, { outcome: "reversed" }))
      assert.deepStrictEqual(problemOf(again), [409, "exception_resolved"])
      yield* shop.heals
      yield* age(id)
      const { length } = yield* voidsOf(id)
      yield* Effect.sleep("2500 millis").pipe((sleep) => Effect.promise(() => Effect.runPromise(sleep)))
      assert.lengthOf(yield* voidsOf(id), length)
    })
  )

  it.effect("goes on being tried, however often it could not be sent", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { id, shop } = yield* makeLate("CODE_51")
      const uuid = PaymentIds.toUuid(PaymentIds.Id.make(id))
      // As after an outage of EPX: eleven voids that did not leave, and the last of them a while ago.
      yield* sql`UPDATE transactions SET status = 'failed' WHERE payment_id = ${uuid}::uuid AND type = 'void'`
      yield* sql`INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
          target_id, probe_of)
        SELECT gen_random_uuid(), payment_id, merchant_id, environment, terminal_id, type, status, amount, target_id,
          probe_of
        FROM transactions, generate_series(1, 10) WHERE payment_id = ${uuid}::uuid AND type = 'void'`
      yield* shop.heals
      yield* age(id)
      yield* until(voidsOf(id), (voids) => voids.some(({ status }) => status === "approved"))
      assert.isUndefined(yield* exceptionOf(id))
    })
  )
})

layer(TestService.layer)("a capture whose token was lost", (it) => {
  it.effect("is an exception until somebody brings the token, by which it can be voided", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const shop = yield* makeShop
      const { id } = yield* shop.charge({ capture: false })
      yield* simulator.scenarios.add({
        effect: "RESET_AFTER",
        match: { TRAN_TYPE: "CCE4" },
        key: shop.merchant.terminal
      })
      yield* shop.post(id, "capture")
      const payment = yield* until(shop.read(id), ({ status }) => status === "captured")
      const found = yield* exception(id)
      assert.deepInclude(found, {
        kind: "missing_token",
        outcomes: ["approved"],
        payment_status: "captured",
        type: "capture",
        status: "approved",
        has_bric: false
      })
      assert.strictEqual(found.id, payment.transactions.at(-1).id)
      assert.deepStrictEqual(problemOf(yield* shop.post(id, "void")), [409, "bric_missing"])
      const wrong = yield* changesNothing(resolve(found.id, { outcome: "failed" }))
      assert.deepStrictEqual(problemOf(wrong), [422, "outcome_not_allowed"])

      const bric = "CANARYBRIC00000000AB"
      const { json, status, text } = yield* resolve(found.id, {
        outcome: "approved",
        bric,
        authorization_code: "A1B2C3",
        evidence
      })
      assert.deepStrictEqual([status, json.payment.status], [200, "captured"])
      assert.strictEqual(json.payment.transactions.at(-1).authorization_code, "A1B2C3")
      assert.deepStrictEqual(yield* shop.read(id), json.payment)
      assert.notInclude(text, bric)
      assert.notInclude(JSON.stringify(yield* auditOf(id)), bric)
      assert.isUndefined(yield* exceptionOf(id))
      // It goes to EPX, which does not know this one.
      assert.strictEqual((yield* shop.post(id, "void")).json.transactions.at(-1).type, "void")
    })
  )
})
