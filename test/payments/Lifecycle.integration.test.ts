import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { PaymentIds } from "../../src/domain/Ids.ts"
import { leavesNoTrace } from "../http/Problems.ts"
import { TestService } from "../support/TestService.ts"
import { cancel, closeToCutoff, decided, outcome, paymentOf, post, sent, settleAll, until } from "./Asked.ts"

const made = (change: object = {}) =>
  Effect.gen(function* () {
    const { charge } = yield* TestService
    const { json } = yield* charge(change)
    const id: string = json.id
    return id
  })

/** Balances of one payment by account, without those that are zero. */
const balances = Effect.fnUntraced(function* (id: string) {
  const sql = yield* PgClient.PgClient
  const uuid = PaymentIds.toUuid(PaymentIds.Id.make(id))
  const rows = yield* sql`SELECT account, sum(amount)::int4 AS amount FROM ledger_entries
    WHERE payment_id = ${uuid}::uuid GROUP BY account`
  return Object.fromEntries(rows.filter(({ amount }) => amount !== 0).map(({ account, amount }) => [account, amount]))
})

layer(TestService.layer)("the life of a payment", (it) => {
  it.effect("captures a part of an authorization once, and releases the rest in the books", () =>
    Effect.gen(function* () {
      const id = yield* made({ capture: false })
      assert.deepStrictEqual(yield* balances(id), { cardholder: -1999, held: 1999 })
      const key = { idempotencyKey: randomUUID() }
      const captured = yield* post(id, "capture", { amount: 1500 }, key)
      assert.deepStrictEqual(outcome(captured), [201, "captured"])
      const { amount_authorized, amount_capturable, amount_captured, amount_refundable, transactions } = captured.json
      assert.deepStrictEqual(
        [amount_authorized, amount_captured, amount_capturable, amount_refundable],
        [1999, 1500, 0, 1500]
      )
      assert.strictEqual(transactions.at(-1).target_id, transactions[0].id)
      assert.strictEqual(captured.headers["transaction-id"], transactions.at(-1).id)
      assert.deepStrictEqual(yield* balances(id), { cardholder: -1500, receivable: 1500 })
      assert.deepStrictEqual(captured.json, yield* paymentOf(id))
      const again = yield* post(id, "capture", { amount: 1500 }, key)
      assert.deepStrictEqual([again.status, again.json], [201, captured.json])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
      assert.deepStrictEqual(outcome(yield* post(id, "capture", { amount: 1499 }, key)), [
        422,
        "idempotency_key_reused"
      ])
    })
  )

  it.effect("captures all that can be captured without an amount or a body", () =>
    Effect.gen(function* () {
      const captured = yield* post(yield* made({ capture: false }), "capture")
      assert.deepStrictEqual([...outcome(captured), captured.json.amount_captured], [201, "captured", 1999])
    })
  )

  it.effect("refuses what cannot be captured, and EPX hears nothing of it", () =>
    Effect.gen(function* () {
      const held = yield* made({ capture: false })
      const sold = yield* made()
      const declined = yield* made({ amount: 120 })
      const captured = yield* made({ capture: false })
      yield* post(captured, "capture", { amount: 1 })
      const refusals = [
        [held, { amount: 2000 }, 422, "amount_exceeds_capturable"],
        [held, { amount: 0 }, 422, "validation_failed"],
        [held, { amount: 1, extra: 1 }, 422, "validation_failed"],
        [sold, {}, 409, "not_capturable"],
        [declined, {}, 409, "not_capturable"],
        [captured, { amount: 1 }, 409, "not_capturable"],
        ["pay_01m82000000000000000000001", {}, 404, "payment_not_found"],
        ["nonsense", {}, 404, "payment_not_found"]
      ] as const
      for (const [id, body, status, code] of refusals) {
        assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "capture", body))), [status, code])
      }
      const sql = yield* PgClient.PgClient
      yield* sql`UPDATE payments SET expires_at = now() + interval '1 hour' WHERE type = 'authorization'`
      yield* sql`UPDATE payments SET expires_at = now() - interval '1 second' WHERE capturable > 0`
      assert.deepStrictEqual(outcome(yield* post(held, "capture")), [409, "authorization_expired"])
    })
  )

  it.effect("voids a sale, an authorization, and a captured one in two calls", () =>
    Effect.gen(function* () {
      const [sale, held, captured] = [yield* made(), yield* made({ capture: false }), yield* made({ capture: false })]
      yield* post(captured, "capture", { amount: 700 })
      for (const id of [sale, held, captured]) {
        const voided = yield* post(id, "void")
        assert.deepStrictEqual(outcome(voided), [201, "voided"])
        const { amount_authorized, amount_captured, amount_refundable } = voided.json
        assert.deepStrictEqual([amount_authorized, amount_captured, amount_refundable], [0, 0, 0])
        assert.deepStrictEqual(yield* balances(id), {})
        assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "void"))), [409, "not_voidable"])
        assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "refunds", {}))), [409, "not_refundable"])
      }
      const { simulator } = yield* TestService
      assert.strictEqual((yield* simulator.ledger()).reduce((sum, { net }) => sum + net, 0) >= 0, true)
    })
  )

  it.effect("opens an authorization again when its capture alone is voided", () =>
    Effect.gen(function* () {
      const id = yield* made({ capture: false })
      const { json } = yield* post(id, "capture", { amount: 700 })
      const voided = yield* post(id, "void", { transaction_id: json.transactions.at(-1).id })
      assert.deepStrictEqual([...outcome(voided), voided.json.amount_capturable], [201, "authorized", 1999])
      assert.deepStrictEqual(yield* balances(id), { cardholder: -1999, held: 1999 })
      assert.deepStrictEqual(outcome(yield* post(id, "capture", { amount: 800 })), [201, "captured"])
    })
  )

  it.effect("voids nothing once the batch closes, and knows no others' transactions", () =>
    Effect.gen(function* () {
      const [id, other] = [yield* made(), yield* made()]
      const foreign = (yield* paymentOf(other)).transactions[0].id
      const asked = { transaction_id: foreign }
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "void", asked))), [404, "transaction_not_found"])
      yield* closeToCutoff
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "void"))), [409, "settled_use_refund"])
      yield* settleAll
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "void"))), [409, "settled_use_refund"])
    })
  )

  it.effect("refunds what has settled, in parts and as a whole, and no more", () =>
    Effect.gen(function* () {
      const id = yield* made()
      yield* settleAll
      assert.deepStrictEqual(yield* balances(id), { cardholder: -1999, settled: 1999 })
      const part = yield* post(id, "refunds", { amount: 500, reason: "duplicate" })
      assert.deepStrictEqual([...outcome(part), part.json.amount_refundable], [201, "partially_refunded", 1499])
      assert.strictEqual(part.json.transactions.at(-1).reason, "duplicate")
      const tooMuch = yield* leavesNoTrace(post(id, "refunds", { amount: 1500 }))
      assert.deepStrictEqual([...outcome(tooMuch), tooMuch.json.available], [422, "amount_exceeds_refundable", 1499])
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", {})), [201, "refunded"])
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "refunds", {}))), [409, "not_refundable"])
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "void"))), [409, "not_voidable"])
      const { merchant, request } = yield* TestService
      const list = yield* request({ path: `/v1/payments/${id}/refunds`, key: merchant.keys.read })
      assert.deepStrictEqual(
        list.json.data.map(({ amount, status }: { amount: number; status: string }) => [amount, status]),
        [
          [500, "approved"],
          [1499, "approved"]
        ]
      )
    })
  )

  it.effect("voids an unsettled refund, so that it can be made again", () =>
    Effect.gen(function* () {
      const id = yield* made()
      yield* settleAll
      const { json } = yield* post(id, "refunds", { amount: 500 })
      const voided = yield* post(id, "void", { transaction_id: json.transactions.at(-1).id })
      assert.deepStrictEqual([...outcome(voided), voided.json.amount_refundable], [201, "captured", 1999])
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", {})), [201, "refunded"])
    })
  )

  it.effect("offers a void for the refund of all that has not settled, or makes it if that is preferred", () =>
    Effect.gen(function* () {
      const id = yield* made()
      for (const body of [{}, { amount: 1999 }]) {
        assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "refunds", body))), [409, "unsettled_use_void"])
      }
      const key = { idempotencyKey: randomUUID() }
      const voided = yield* post(id, "refunds", { prefer_void: true }, key)
      assert.deepStrictEqual(outcome(voided), [201, "voided"])
      const again = yield* leavesNoTrace(post(id, "refunds", { prefer_void: true }, key))
      assert.deepStrictEqual([again.status, again.json], [201, voided.json])
    })
  )

  it.effect("keeps the refund of a part until the payment has settled, and no void comes in between", () =>
    Effect.gen(function* () {
      const id = yield* made()
      const before = yield* sent("CCE9")
      const waiting = yield* post(id, "refunds", { amount: 500 })
      assert.deepStrictEqual([...outcome(waiting), waiting.json.amount_refundable], [201, "captured", 1499])
      assert.strictEqual(waiting.headers["transaction-status"], "scheduled")
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "void"))), [409, "not_voidable"])
      assert.strictEqual(yield* sent("CCE9"), before)
      yield* settleAll
      const refunded = yield* until(paymentOf(id), ({ status }) => status === "partially_refunded")
      assert.strictEqual(refunded.amount_refunded, 500)
      assert.strictEqual(yield* sent("CCE9"), before + 1)
    })
  )

  it.effect("gives up a refund that is still waiting without a call", () =>
    Effect.gen(function* () {
      const id = yield* made()
      const { json } = yield* post(id, "refunds", { amount: 500 })
      const refund = json.transactions.at(-1).id
      const before = yield* sent("CCE9", "CCEX")
      const voided = yield* post(id, "void", { transaction_id: refund })
      assert.deepStrictEqual([...outcome(voided), voided.json.amount_refundable], [201, "captured", 1999])
      assert.strictEqual(yield* sent("CCE9", "CCEX"), before)
      assert.deepStrictEqual(outcome(yield* post(id, "void")), [201, "voided"])
    })
  )

  it.effect("lets an authorization lapse", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const id = yield* made({ capture: false })
      const { expires_at } = yield* paymentOf(id)
      assert.strictEqual(Math.round((Date.parse(expires_at) - Date.now()) / 86_400_000), 7)
      yield* sql`UPDATE payments SET expires_at = now() WHERE first_status = 'approved' AND type = 'authorization'`
      const expired = yield* until(paymentOf(id), ({ status }) => status === "expired")
      assert.deepStrictEqual([expired.amount_authorized, expired.amount_capturable], [0, 0])
      assert.deepStrictEqual(yield* balances(id), {})
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "capture"))), [409, "authorization_expired"])
    })
  )

  it.effect("undoes a partial approval, unless the terminal takes it", () =>
    Effect.gen(function* () {
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.patchProfile({ partial_approvals: true })
      // EPX trigger list: 10, partial approval.
      const refused = yield* charge({ amount: 159 })
      assert.deepStrictEqual(outcome(refused), [201, "declined"])
      assert.strictEqual(refused.json.decline.category, "partial_approval")
      assert.deepStrictEqual([refused.json.amount_captured, refused.json.amount_authorized], [0, 0])
      assert.deepStrictEqual(yield* balances(refused.json.id), {})
      yield* sql`UPDATE terminals SET partial_approvals = true`
      const taken = yield* charge({ amount: 159 })
      assert.deepStrictEqual(outcome(taken), [201, "captured"])
      assert.isBelow(taken.json.amount_captured, 159)
      assert.strictEqual(taken.json.amount_refundable, taken.json.amount_captured)
      yield* sql`UPDATE terminals SET partial_approvals = false`
    })
  )

  it.effect("undoes what the address does not fit, where the merchant wants that", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const sql = yield* PgClient.PgClient
      const wrong = { billing_address: { street: "9 Elsewhere", postal_code: "99999" } }
      assert.deepStrictEqual(outcome(yield* charge(wrong)), [201, "captured"])
      yield* sql`UPDATE merchants SET reject_on_avs = true`
      const refused = yield* charge(wrong)
      assert.deepStrictEqual([...outcome(refused), refused.json.decline?.code], [201, "declined", "avs_mismatch"])
      const right = { billing_address: { street: "123 Main", postal_code: "12345" } }
      assert.deepStrictEqual(outcome(yield* charge(right)), [201, "captured"])
      yield* sql`UPDATE merchants SET reject_on_avs = false`
    })
  )

  it.effect("takes the same again for one order for a mistake, unless it is meant or came to nothing", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const order = { order_ref: randomUUID() }
      const first = yield* charge(order)
      const refused = yield* leavesNoTrace(charge(order))
      assert.deepStrictEqual([...outcome(refused), refused.json.payment_id], [409, "possible_duplicate", first.json.id])
      assert.deepStrictEqual(outcome(yield* charge({ ...order, amount: 2000 })), [201, "captured"])
      assert.deepStrictEqual(outcome(yield* charge({ ...order, allow_duplicate: true })), [201, "captured"])
      const other = { order_ref: randomUUID(), amount: 120 }
      assert.deepStrictEqual(outcome(yield* charge(other)), [201, "declined"])
      assert.deepStrictEqual(outcome(yield* charge(other)), [201, "declined"])
      const many = { order_ref: randomUUID() }
      const answers = yield* Effect.all(
        Array.from({ length: 20 }, () => charge(many)),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(
        answers.filter(({ status }) => status === 201),
        1
      )
    })
  )

  it.effect("cancels by key what was charged, what was never asked, and refuses it when it comes", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const used = randomUUID()
      const { json } = yield* charge({}, { idempotencyKey: used })
      const canceled = yield* cancel(used)
      assert.deepStrictEqual(
        [canceled.status, canceled.json.is_decided, canceled.json.payment.status],
        [200, true, "voided"]
      )
      assert.deepStrictEqual((yield* leavesNoTrace(cancel(used))).json.payment, yield* paymentOf(json.id))
      const unused = randomUUID()
      for (const _ of [1, 2]) {
        const nothing = yield* cancel(unused)
        assert.deepStrictEqual([nothing.status, nothing.json.payment], [200, null])
      }
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(charge({}, { idempotencyKey: unused }))), [
        409,
        "key_canceled"
      ])
      const again = yield* charge({}, { idempotencyKey: used })
      assert.deepStrictEqual(outcome(again), [201, "voided"])
    })
  )

  /** A charge of unknown outcome that was cancelled by its key, with the statements by which it fails. */
  const canceledCharge = Effect.fnUntraced(function* (change: object = {}) {
    const { charge } = yield* TestService
    const sql = yield* PgClient.PgClient
    const key = { idempotencyKey: randomUUID() }
    const { json } = yield* charge(change, key)
    const uuid = PaymentIds.toUuid(PaymentIds.Id.make(json.id))
    yield* sql`UPDATE transactions SET status = 'unknown' WHERE payment_id = ${uuid}::uuid`
    yield* sql`UPDATE payments SET first_status = 'unknown', doubts = 1, authorized = 0, captured = 0
      WHERE id = ${uuid}::uuid`
    assert.strictEqual((yield* cancel(key.idempotencyKey)).status, 202)
    const fail = Effect.andThen(
      sql`UPDATE payments SET first_status = 'failed', doubts = 0 WHERE id = ${uuid}::uuid`,
      sql`UPDATE transactions SET status = 'failed' WHERE payment_id = ${uuid}::uuid`
    )
    return { id: json.id, key, fail }
  })

  it.effect("keeps a key cancelled whose call then came to nothing", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const order = { order_ref: randomUUID() }
      const { fail, id, key } = yield* canceledCharge(order)
      yield* fail
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(charge(order, key))), [409, "key_canceled"])
      assert.deepStrictEqual(outcome(yield* leavesNoTrace(post(id, "capture", {}, key))), [409, "key_canceled"])
      assert.strictEqual((yield* leavesNoTrace(cancel(key.idempotencyKey))).status, 200)
      // What was refused guards nothing.
      assert.deepStrictEqual(outcome(yield* charge(order)), [201, "captured"])
    })
  )

  it.effect("keeps a key cancelled even if its call comes to nothing while the request comes again", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const sql = yield* PgClient.PgClient
      const { fail, key } = yield* canceledCharge()
      const asking = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* fail
          const asking = yield* Effect.forkDetach(charge({}, key))
          const waiting = sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
            AND datname = current_database()`
          yield* until(waiting, ({ length }) => length > 0)
          return asking
        })
      )
      assert.deepStrictEqual(outcome(yield* Fiber.join(asking)), [409, "key_canceled"])
    })
  )

  it.effect("lets a replay guard nothing that is not there", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const order = { order_ref: randomUUID(), amount: 120 }
      const key = { idempotencyKey: randomUUID() }
      assert.deepStrictEqual(outcome(yield* charge(order, key)), [201, "declined"])
      assert.deepStrictEqual(outcome(yield* charge(order, key)), [201, "declined"])
      assert.deepStrictEqual(outcome(yield* charge(order)), [201, "declined"])
    })
  )

  it.effect("undoes by key what is still on its way, once it is known", () =>
    Effect.gen(function* () {
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_800" })
      const key = randomUUID()
      const before = yield* sent("CCE1")
      const answer = yield* Effect.forkChild(charge({}, { idempotencyKey: key }))
      yield* until(sent("CCE1"), (count) => count > before)
      const canceled = yield* cancel(key)
      assert.deepStrictEqual([canceled.status, canceled.json.is_decided], [202, false])
      assert.strictEqual((yield* decided(canceled.json.payment.id)).status, "voided")
      assert.deepStrictEqual(outcome(yield* Fiber.join(answer)), [201, "voided"])
    })
  )
})
