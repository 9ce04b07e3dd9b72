import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Payment } from "../../src/domain/Payment.ts"
import { TestService } from "../support/TestService.ts"
import { leavesNoTrace, problemOf, trace } from "./Problems.ts"

const decodePayment = Schema.decodeUnknownEffect(Payment)

layer(TestService.layer)("POST /v1/payments", (it) => {
  it.effect("answers 201 with a captured payment, which can be read again", () =>
    Effect.gen(function* () {
      const { charge, merchant, request } = yield* TestService
      const order = { customer_id: "cus 1", order_ref: "Nº 1001", metadata: { basket: "b-1", "a.b_c-d": "" } }
      const { headers, json, status } = yield* charge(order)
      assert.strictEqual(status, 201)
      assert.notProperty(headers, "idempotent-replayed")
      assert.strictEqual(headers["content-type"], "application/json")
      yield* decodePayment(json)
      const { amount, amount_captured, amount_refundable, card, currency, decline, status: state } = json
      assert.deepStrictEqual(
        { amount, amount_captured, amount_refundable, card, currency, decline, state },
        {
          amount: 1999,
          amount_captured: 1999,
          amount_refundable: 1999,
          card: { brand: "visa", last4: "0002" },
          currency: "USD",
          decline: null,
          state: "captured"
        }
      )
      assert.deepStrictEqual(
        { customer_id: json.customer_id, order_ref: json.order_ref, metadata: json.metadata },
        order
      )
      assert.lengthOf(json.transactions, 1)
      const read = yield* request({ path: `/v1/payments/${json.id}`, key: merchant.keys.read })
      assert.deepStrictEqual([read.status, read.json], [200, json])
    })
  )

  it.effect("answers 201 with an authorization when it is not to be captured", () =>
    Effect.gen(function* () {
      const { json, status } = yield* (yield* TestService).charge({ capture: false })
      const { amount_authorized, amount_capturable, amount_captured } = json
      assert.deepStrictEqual([status, json.status, amount_authorized], [201, "authorized", 1999])
      assert.deepStrictEqual([amount_capturable, amount_captured], [1999, 0])
    })
  )

  it.effect("answers 201 with a declined payment: a decline is an answer", () =>
    Effect.gen(function* () {
      // EPX trigger list: 51, insufficient funds.
      const { json, status } = yield* (yield* TestService).charge({ amount: 120 })
      assert.deepStrictEqual([status, json.status, json.amount_authorized], [201, "declined", 0])
      assert.deepStrictEqual([json.decline.code, json.decline.category], ["51", "soft"])
    })
  )

  it.effect("answers 202 when EPX did not say what became of it, and later with what did", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, request, simulator } = yield* TestService
      const { keys, terminal } = yield* makeMerchant()
      const used = { key: keys.all, idempotencyKey: randomUUID() }
      yield* simulator.scenarios.add({ effect: "RESET_AFTER", key: terminal, match: { TRAN_TYPE: "CCE1" } })
      const { json, status } = yield* charge({}, used)
      assert.deepStrictEqual([status, json.status, json.amount_captured], [202, "unknown", 0])
      yield* decodePayment(json)
      const read = request({ path: `/v1/payments/${json.id}`, key: keys.read })
      const resolved = yield* Effect.repeat(read, { until: (answer) => answer.json.status !== "unknown" })
      assert.strictEqual(resolved.json.status, "reversed")
      const again = yield* charge({}, used)
      assert.deepStrictEqual([again.status, again.json], [201, resolved.json])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
    })
  )

  it.effect("answers 409 where the merchant has no terminal, and 503 where there is no way to the gateway", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, operatorKey, request, requestOps } = yield* TestService
      const { id, keys } = yield* makeMerchant()
      const used = { key: keys.live, idempotencyKey: randomUUID() }
      const noTerminal = yield* leavesNoTrace(charge({}, used))
      assert.deepStrictEqual([...problemOf(noTerminal), noTerminal.json.environment], [409, "terminal_missing", "live"])
      const terminal = {
        environment: "live",
        cust_nbr: "7000",
        merch_nbr: "990001",
        dba_nbr: "1",
        terminal_nbr: "1",
        settlement_zone: "America/New_York",
        settlement_cutoff: "23:00"
      }
      yield* requestOps({ path: `/v1/merchants/${id}/terminals`, key: operatorKey, json: terminal })
      const before = yield* trace
      // After each of these the key is free, also for another request.
      for (const amount of [1999, 1999, 2000]) {
        assert.deepStrictEqual(problemOf(yield* charge({ amount }, used)), [503, "gateway_unavailable"])
      }
      assert.strictEqual((yield* trace).requests, before.requests)
      const { json } = yield* request({ path: "/v1/payments?status=failed", key: keys.live })
      assert.deepStrictEqual(
        json.data.map((payment: { amount: number }) => payment.amount),
        [2000, 1999, 1999]
      )
    })
  )

  it.effect("charges once for a key, however often it comes and however it is written", () =>
    Effect.gen(function* () {
      const { charge, merchant, request, simulator } = yield* TestService
      const key = randomUUID()
      const first = yield* charge({ metadata: { a: "1", b: "2" } }, { idempotencyKey: key })
      const before = yield* trace
      const path = "/v1/payments"
      const bric = simulator.brics.visa
      const rewritten = `{ "metadata": {"b":"2", "\\u0061":"1"}, "source":{"bric":"${bric}"},
        "currency":"USD", "amount":1.999e3, "capture":true, "order_ref":null }`
      const headers = { "idempotency-key": key, "content-type": "application/json; charset=utf-8" }
      for (const answer of [
        yield* charge({ metadata: { a: "1", b: "2" } }, { idempotencyKey: key }),
        yield* charge({ metadata: { a: "1", b: "2" } }, { idempotencyKey: `"${key}"` }),
        yield* request({ path, key: merchant.keys.all, headers, body: rewritten })
      ]) {
        assert.deepStrictEqual([answer.status, answer.json], [201, first.json])
        assert.strictEqual(answer.headers["idempotent-replayed"], "true")
      }
      assert.deepStrictEqual(yield* trace, before)
    })
  )

  it.effect("tells a repeated decline from a new one", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const idempotencyKey = randomUUID()
      const first = yield* charge({ amount: 105 }, { idempotencyKey })
      const again = yield* leavesNoTrace(charge({ amount: 105 }, { idempotencyKey }))
      assert.deepStrictEqual([again.status, again.json.status, again.json.id], [201, "declined", first.json.id])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
    })
  )

  it.effect("refuses a key that was used for another request", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const idempotencyKey = randomUUID()
      yield* charge({}, { idempotencyKey })
      for (const change of [
        { amount: 2000 },
        { capture: false },
        { order_ref: "other" },
        { customer_id: "other" },
        { metadata: { a: "b" } },
        { billing_address: { postal_code: "10001" } },
        { source: { bric: "09LTESTMAST00000001" } }
      ]) {
        const answer = yield* leavesNoTrace(charge(change, { idempotencyKey }))
        assert.deepStrictEqual(problemOf(answer), [422, "idempotency_key_reused"], JSON.stringify(change))
      }
    })
  )

  it.effect("lets two merchants use the same key, each for its own payment", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, request } = yield* TestService
      const idempotencyKey = randomUUID()
      const mine = yield* charge({}, { idempotencyKey })
      const { keys } = yield* makeMerchant()
      const theirs = yield* charge({}, { idempotencyKey, key: keys.all })
      assert.strictEqual(theirs.status, 201)
      assert.notStrictEqual(theirs.json.id, mine.json.id)
      assert.notProperty(theirs.headers, "idempotent-replayed")
      const foreign = yield* request({ path: `/v1/payments/${mine.json.id}`, key: keys.read })
      assert.deepStrictEqual(problemOf(foreign), [404, "payment_not_found"])
    })
  )

  it.effect("wants an Idempotency-Key of 1 to 255 visible ASCII characters", () =>
    Effect.gen(function* () {
      const { charge, merchant, request, simulator } = yield* TestService
      for (const idempotencyKey of ["!", "~".repeat(255), '"x"', "a,b;c"]) {
        const answer = yield* charge({ order_ref: idempotencyKey.slice(0, 9) }, { idempotencyKey })
        assert.strictEqual(answer.status, 201, idempotencyKey)
      }
      for (const idempotencyKey of ["", '""', "x".repeat(256), "a b", "a\tb", "\u00e9"]) {
        const answer = yield* leavesNoTrace(charge({}, { idempotencyKey }))
        assert.deepStrictEqual(problemOf(answer), [400, "invalid_parameter", "/headers/idempotency-key"])
        if (idempotencyKey !== "") assert.notInclude(answer.text, idempotencyKey)
      }
      const json = { amount: 1999, currency: "USD", source: { bric: simulator.brics.visa } }
      const missing = yield* leavesNoTrace(request({ path: "/v1/payments", key: merchant.keys.all, json }))
      assert.deepStrictEqual(problemOf(missing), [400, "invalid_parameter", "/headers/idempotency-key"])
    })
  )

  it.effect("names each wrong field by its pointer and takes nothing", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const refused = Effect.fnUntraced(function* (change: object, ...pointers: ReadonlyArray<string>) {
        const answer = yield* leavesNoTrace(charge(change))
        assert.deepStrictEqual(problemOf(answer), [422, "validation_failed", ...pointers], JSON.stringify(change))
        for (const { detail } of answer.json.errors) assert.match(detail, /^\S.+\S$/)
        return answer
      })
      for (const amount of [1.5, -1, 0, 1e18, 1_000_000_000, "1999", null, true, [1999], { minor: 1 }, undefined]) {
        yield* refused({ amount }, "/amount")
      }
      for (const currency of ["EUR", "usd", "", 840, null, undefined]) yield* refused({ currency }, "/currency")
      for (const capture of ["true", 1, null]) yield* refused({ capture }, "/capture")
      for (const source of [null, "09LTESTVISA00000001", [], undefined]) yield* refused({ source }, "/source")
      for (const bric of ["", "09ltestvisa00000001", "X".repeat(18), "X".repeat(21), 9, null, undefined]) {
        const { text } = yield* refused({ source: { bric } }, "/source/bric")
        if (typeof bric === "string" && bric !== "") assert.notInclude(text, bric)
      }
      for (const order_ref of ["", " x", "x ", "x".repeat(65), "a\nb", "a\u0000b", "a\u202eb", "\ud800", 7]) {
        yield* refused({ order_ref }, "/order_ref")
        yield* refused({ customer_id: order_ref }, "/customer_id")
      }
      const address = (billing_address: unknown, ...pointers: ReadonlyArray<string>) =>
        refused({ billing_address }, ...pointers)
      yield* address(null, "/billing_address")
      yield* address({ street: "x".repeat(101) }, "/billing_address/street")
      for (const street of ["a\u0000b", "\ud800"]) yield* address({ street }, "/billing_address/street")
      for (const postal_code of ["", "12345678901", "1;2", 10001]) {
        yield* address({ postal_code }, "/billing_address/postal_code")
      }
      yield* refused(
        { tip: 1, source: { bric: "x", cvv: "123" }, billing_address: { city: "x" }, amount: 0 },
        "/amount",
        "/billing_address/city",
        "/source/bric",
        "/source/cvv",
        "/tip"
      )
      yield* refused({ "a/b~c": 1 }, "/a~1b~0c")
      yield* refused(JSON.parse('{"__proto__":{"amount":1}}'), "/__proto__")
    })
  )

  it.effect("keeps metadata within its limits", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const many = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]))
      const full = { ...many(49), ["k".repeat(40)]: "é".repeat(500) }
      const { json, status } = yield* charge({ metadata: full })
      assert.deepStrictEqual([status, json.metadata], [201, full])
      const refused: ReadonlyArray<readonly [metadata: unknown, pointer: string]> = [
        [many(51), "/metadata"],
        [{ ["k".repeat(41)]: "v" }, `/metadata/${"k".repeat(41)}`],
        [{ "": "v" }, "/metadata/"],
        [{ "a b": "v" }, "/metadata/a b"],
        [{ a: "v".repeat(501) }, "/metadata/a"],
        [{ a: 1 }, "/metadata/a"],
        [{ a: null }, "/metadata/a"],
        [{ a: "\u0000" }, "/metadata/a"],
        [{ a: "\ud800" }, "/metadata/a"],
        [["v"], "/metadata"],
        [null, "/metadata"],
        ["v", "/metadata"]
      ]
      for (const [metadata, pointer] of refused) {
        const answer = yield* leavesNoTrace(charge({ metadata }))
        assert.deepStrictEqual(
          problemOf(answer),
          [422, "validation_failed", pointer],
          JSON.stringify(metadata).slice(0, 80)
        )
      }
    })
  )

  it.effect("lets a key do what its scopes say and no more", () =>
    Effect.gen(function* () {
      const { charge, merchant, request } = yield* TestService
      const { json } = yield* charge()
      for (const [key, scope] of [
        [merchant.keys.read, "payments:write"],
        [merchant.keys.write, "payments:bric"]
      ] as const) {
        const answer = yield* leavesNoTrace(charge({}, { key }))
        assert.deepStrictEqual([...problemOf(answer), answer.json.scope], [403, "scope_missing", scope])
      }
      const read = yield* request({ path: `/v1/payments/${json.id}`, key: merchant.keys.write })
      assert.deepStrictEqual([...problemOf(read), read.json.scope], [403, "scope_missing", "payments:read"])
      const anonymous = yield* leavesNoTrace(charge({}, { key: "sk_test_x" }))
      assert.deepStrictEqual(problemOf(anonymous), [401, "invalid_api_key"])
      assert.match(anonymous.headers["www-authenticate"] ?? "", /^Bearer\b/)
    })
  )

  it.effect("does not tell a payment that is not there from one that is not the caller's", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, merchant, request } = yield* TestService
      const { json } = yield* charge()
      const { keys } = yield* makeMerchant()
      const get = (id: string, key: string) => request({ path: `/v1/payments/${id}`, key })
      const answers = [
        yield* get(json.id, keys.all),
        yield* get(json.id, merchant.keys.live),
        yield* get("pay_0000000000000000000000000z", merchant.keys.all),
        yield* get("pay_1", merchant.keys.all),
        yield* get(json.id.toUpperCase(), merchant.keys.all),
        yield* get(json.transactions[0].id, merchant.keys.all),
        yield* get("%00", merchant.keys.all),
        yield* get("x".repeat(500), merchant.keys.all)
      ]
      for (const answer of answers) {
        assert.deepStrictEqual(problemOf(answer), [404, "payment_not_found"])
        assert.deepStrictEqual({ ...answer.json, request_id: "" }, { ...answers[0]?.json, request_id: "" })
      }
    })
  )
})
