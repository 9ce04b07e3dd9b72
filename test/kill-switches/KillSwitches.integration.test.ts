import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { cancel, outcome, paymentOf, post, settleAll, until } from "../payments/Asked.ts"
import { TestService } from "../support/TestService.ts"

const path = "/v1/kill-switches"

const operate = Effect.fnUntraced(function* (route: string, json?: object) {
  const { operatorKey: key, requestOps } = yield* TestService
  return yield* requestOps({ method: json === undefined ? "GET" : "POST", path: `${path}${route}`, key, json })
})

const stop = (operation: string, more: object = {}) => operate("", { operation, reason: "A drill", ...more })

const lift = ({ id }: { readonly id: string }) => operate(`/${id}/lift`, {})

const calls = (type: string, fields: Record<string, string> = {}) =>
  Effect.flatMap(TestService, ({ simulator }) =>
    Effect.map(simulator.requests({ fields: { TRAN_TYPE: type, ...fields } }), ({ length }) => length)
  )

const sold = (change: object = {}, options = {}) =>
  Effect.flatMap(TestService, ({ charge }) => Effect.map(charge(change, options), ({ json }) => String(json.id)))

layer(TestService.layer)("F-27: a kill switch", (it) => {
  it.effect(
    "stops sales of every merchant at once, and what was refused is carried out under its key once lifted",
    () =>
      Effect.gen(function* () {
        const { charge, makeMerchant } = yield* TestService
        const other = yield* makeMerchant()
        const earlier = { idempotencyKey: randomUUID() }
        const first = yield* charge({}, earlier)
        const before = yield* calls("CCE1")
        const thrown = yield* stop("sale")
        assert.deepStrictEqual([thrown.status, thrown.json.operation, thrown.json.merchant_id], [201, "sale", null])
        const key = { idempotencyKey: randomUUID() }
        for (const options of [key, { key: other.keys.all }]) {
          const refused = yield* charge({}, options)
          assert.deepStrictEqual(
            [refused.status, refused.json.code, refused.json.operation],
            [503, "operation_stopped", "sale"]
          )
        }
        const replayed = yield* charge({}, earlier)
        assert.deepStrictEqual([replayed.status, replayed.json], [201, first.json])
        assert.strictEqual(yield* calls("CCE1"), before)
        assert.strictEqual((yield* charge({ capture: false })).status, 201)
        assert.strictEqual((yield* lift(thrown.json)).status, 200)
        assert.deepStrictEqual(outcome(yield* charge({}, key)), [201, "captured"])
      })
  )

  it.effect("stops captures, refunds and voids of one merchant, and nothing of another", () =>
    Effect.gen(function* () {
      const { makeMerchant } = yield* TestService
      const [mine, other] = [yield* makeMerchant(), yield* makeMerchant()]
      for (const [operation, route, change] of [
        ["capture", "capture", { capture: false }],
        ["refund", "refunds", {}],
        ["void", "void", {}]
      ] as const) {
        const thrown = yield* stop(operation, { merchant_id: mine.id })
        const payment = yield* sold(change, { key: mine.keys.all })
        const body = operation === "refund" ? { amount: 100 } : undefined
        const asked = { key: mine.keys.all, idempotencyKey: randomUUID() }
        const refused = yield* post(payment, route, body, asked)
        assert.deepStrictEqual([refused.status, refused.json.code], [503, "operation_stopped"], operation)
        const others = yield* sold(change, { key: other.keys.all })
        assert.strictEqual((yield* post(others, route, body, { key: other.keys.all })).status, 201, operation)
        yield* lift(thrown.json)
        assert.strictEqual((yield* post(payment, route, body, asked)).status, 201, operation)
      }
    })
  )

  it.effect("holds back refunds that wait for a settlement until it is lifted", () =>
    Effect.gen(function* () {
      const id = yield* sold()
      assert.strictEqual((yield* post(id, "refunds", { amount: 537 })).headers["transaction-status"], "scheduled")
      const thrown = yield* stop("refund")
      const before = yield* calls("CCE9")
      yield* settleAll
      // A later one, of a sale that has settled too, is refused: so the sweep has had its chance.
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", { amount: 100 })), [503, "operation_stopped"])
      yield* TestClock.withLive(Effect.sleep("1500 millis"))
      assert.strictEqual(yield* calls("CCE9"), before)
      yield* lift(thrown.json)
      yield* until(paymentOf(id), ({ status }) => status === "partially_refunded")
      // By its amount, as refunds of other payments were held back too.
      assert.strictEqual(yield* calls("CCE9", { AMOUNT: "5.37" }), 1)
    })
  )

  it.effect("does not stop what puts things right, and stops the voids of `cancel-by-key` alone", () =>
    Effect.gen(function* () {
      const { charge, merchant, simulator } = yield* TestService
      const thrown = yield* stop("void", { merchant_id: merchant.id })
      yield* simulator.scenarios.add({ effect: "RESET_AFTER", match: { TRAN_TYPE: "CCE1" }, key: merchant.terminal })
      const lost = yield* charge()
      assert.strictEqual(lost.status, 202)
      yield* until(paymentOf(lost.json.id), ({ status }) => status === "reversed")

      const idempotencyKey = randomUUID()
      const { json } = yield* charge({}, { idempotencyKey })
      assert.deepStrictEqual(outcome(yield* cancel(idempotencyKey)), [503, "operation_stopped"])
      assert.strictEqual((yield* cancel(randomUUID())).json.is_decided, true)
      yield* lift(thrown.json)
      assert.strictEqual((yield* cancel(idempotencyKey)).json.payment.id, json.id)
      yield* until(paymentOf(json.id), ({ status }) => status === "voided")
    })
  )

  it.effect("is listed, takes a new reason, is lifted once, and is kept in the audit", () =>
    Effect.gen(function* () {
      const { merchant, operatorKey: key, requestOps } = yield* TestService
      const asked = { merchant_id: merchant.id }
      const first = yield* stop("void", asked)
      const second = yield* stop("void", { ...asked, reason: "Another drill" })
      assert.deepStrictEqual(second.json, { ...first.json, reason: "Another drill" })
      assert.deepStrictEqual((yield* operate("")).json, { data: [second.json], has_more: false })
      assert.deepStrictEqual((yield* lift(first.json)).json, second.json)
      const again = yield* lift(first.json)
      assert.deepStrictEqual([again.status, again.json.code], [404, "kill_switch_not_found"])
      assert.deepStrictEqual((yield* operate("")).json.data, [])
      const audit = yield* requestOps({ path: `/v1/audit-events?merchant_id=${merchant.id}&limit=3`, key })
      assert.deepStrictEqual(
        audit.json.data.map(({ action, detail }: { action: string; detail: object }) => [action, detail]),
        [
          ["kill_switch.lifted", { kill_switch_id: first.json.id }],
          ["kill_switch.thrown", { operation: "void", reason: "Another drill" }],
          ["kill_switch.thrown", { operation: "void", reason: "A drill" }]
        ]
      )
    })
  )

  it.effect("is refused for an operation or a merchant there is none of, and without a reason", () =>
    Effect.gen(function* () {
      for (const [body, status, code] of [
        [{ operation: "reversal", reason: "x" }, 422, "validation_failed"],
        [{ operation: "sale" }, 422, "validation_failed"],
        [{ operation: "sale", reason: "card 4111111111111111" }, 422, "card_number_refused"],
        [{ operation: "sale", reason: "x", merchant_id: "mer_0000000000000000000000000z" }, 404, "merchant_not_found"]
      ] as const) {
        const refused = yield* operate("", body)
        assert.deepStrictEqual([refused.status, refused.json.code], [status, code], JSON.stringify(body))
      }
      const { json } = yield* stop("reversal")
      assert.deepStrictEqual(json.errors, [
        { pointer: "/operation", detail: 'Expected "sale" | "authorization" | "capture" | "refund" | "void"' }
      ])
    })
  )
})
