import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestService } from "../support/TestService.ts"
import { leavesNoTrace, problemOf } from "./Problems.ts"

const card = "4111111111111111"
const grouped = "4111 1111 1111 1111"
const path = "/v1/payments"

const escaped = [...card].map((digit) => `\\u${digit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")

/** Sends a payment whose JSON text has been edited. */
const sent = Effect.fnUntraced(function* (change: object, edit = (text: string) => text) {
  const { merchant, request, simulator } = yield* TestService
  const json = { amount: 1999, currency: "USD", source: { bric: simulator.brics.visa }, ...change }
  const headers = { "idempotency-key": randomUUID(), "content-type": "application/json" }
  return yield* request({ path, key: merchant.keys.all, headers, body: edit(JSON.stringify(json)) })
})

layer(TestService.layer)("a card number", (it) => {
  it.effect("is refused in every field, by its pointer, without being repeated or reaching anything", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [change: object, pointer: string, edit?: (text: string) => string]> = [
        [{ amount: Number(card) }, "/amount"],
        [{ amount: card }, "/amount"],
        [{ amount: -Number(card) }, "/amount"],
        [{ amount: `${card}.5` }, "/amount"],
        [{ amount: "N" }, "/amount", (text) => text.replace('"N"', "4.111111111111111e15")],
        [{ currency: card }, "/currency"],
        [{ capture: card }, "/capture"],
        [{ source: card }, "/source"],
        [{ source: { bric: card } }, "/source/bric"],
        [{ source: { card: { number: grouped } } }, "/source/card/number"],
        [{ billing_address: { street: `${grouped}, 12/29` } }, "/billing_address/street"],
        [{ billing_address: { postal_code: "4111-1111-1111-1111" } }, "/billing_address/postal_code"],
        [{ customer_id: `cus ${card}` }, "/customer_id"],
        [{ order_ref: grouped }, "/order_ref"],
        [{ metadata: { a: "x", note: `card ${card} please` } }, "/metadata/note"],
        [{ metadata: { note: "４１１１１１１１１１１１１１１１" } }, "/metadata/note"],
        [{ metadata: { note: "E" } }, "/metadata/note", (text) => text.replace('"E"', `"${escaped}"`)],
        [{ metadata: { [card]: "x" } }, "/metadata"],
        [{ metadata: { E: "x" } }, "/metadata", (text) => text.replace('"E"', `"${escaped}"`)],
        [{ [card]: "x" }, ""],
        [{ [`x-${grouped}`]: null }, ""],
        [{ deep: { list: [[{ a: 1 }, { b: Number(card) }]] } }, "/deep/list/0/1/b"],
        [{ order_ref: "ok", tip: [{ [card]: 1 }] }, "/tip/0"]
      ]
      for (const [change, pointer, edit] of cases) {
        const answer = yield* leavesNoTrace(sent(change, edit))
        const place = JSON.stringify(change)
        assert.deepStrictEqual(problemOf(answer), [422, "card_number_refused", pointer], place)
        assert.notMatch(answer.text, /1111/, place)
      }
    })
  )

  it.effect("is refused as a whole body of JSON", () =>
    Effect.gen(function* () {
      for (const body of [card, `"${grouped}"`, `["${card}"]`, `[${card}]`, `[[[{"a":["${card}"]}]]]`]) {
        const answer = yield* leavesNoTrace(sent({}, () => body))
        assert.deepStrictEqual(problemOf(answer).slice(0, 2), [422, "card_number_refused"], body)
        assert.notMatch(answer.text, /1111/)
      }
    })
  )

  it.effect("is refused in a path, a query and an Idempotency-Key", () =>
    Effect.gen(function* () {
      const { charge, merchant, operatorKey, request, requestOps } = yield* TestService
      const key = merchant.keys.all
      const spelled = encodeURIComponent(grouped)
      const encoded = [...card].map((digit) => `%3${digit}`).join("")
      for (const address of [
        `/${card}`,
        `${path}/${card}`,
        `${path}/pay_${card}`,
        `${path}/${spelled}`,
        `${path}/${encoded}`,
        `${path}?cursor=${card}`,
        `${path}?starting_after=${card}`,
        `${path}?${card}=1`,
        `${path}?limit=1&status=${spelled}`,
        `${path}?status=4111+1111+1111+1111`,
        `${path}?status=%zz${encoded}`,
        `/docs?${card}`
      ]) {
        const answer = yield* leavesNoTrace(request({ path: address, key }))
        assert.deepStrictEqual(problemOf(answer), [422, "card_number_refused", "/url"], address)
        assert.notMatch(answer.text, /1111/, address)
      }
      const ops = yield* requestOps({ path: `/v1/merchants/${card}`, key: operatorKey })
      assert.deepStrictEqual(problemOf(ops), [422, "card_number_refused", "/url"])
      for (const idempotencyKey of [card, `"${card}"`, `order-${card}`, "4111-1111-1111-1111"]) {
        const answer = yield* leavesNoTrace(charge({}, { idempotencyKey }))
        assert.deepStrictEqual(problemOf(answer), [422, "card_number_refused", "/headers/idempotency-key"])
        assert.notMatch(answer.text, /1111/, idempotencyKey)
      }
    })
  )

  it.effect("is not repeated where the request fails for another reason", () =>
    Effect.gen(function* () {
      const { merchant, request } = yield* TestService
      const headers = { "idempotency-key": randomUUID(), "x-request-id": card }
      for (const [type, body, status] of [
        ["application/json", `{"amount":${card}`, 400],
        ["application/json", `{"amount":"${card}`, 400],
        ["application/x-www-form-urlencoded", `number=${card}`, 415],
        ["text/plain", card, 415],
        [`text/${card}`, card, 415],
        ["application/json", `"${card}"${" ".repeat(70_000)}`, 413]
      ] as const) {
        const asked = { path, key: merchant.keys.all, headers: { ...headers, "content-type": type }, body }
        const answer = yield* leavesNoTrace(request(asked))
        assert.strictEqual(problemOf(answer)[0], status, type)
        assert.notMatch(answer.text + JSON.stringify(answer.headers), /1111/, type)
      }
      const method = yield* request({ method: "DELETE", path: `${path}/x`, key: merchant.keys.all, headers })
      assert.notMatch(method.text + JSON.stringify(method.headers), /1111/)
    })
  )

  it.effect("is refused before the key is looked at, and in the operators' API too", () =>
    Effect.gen(function* () {
      const { operatorKey, request, requestOps } = yield* TestService
      const anonymous = yield* leavesNoTrace(request({ path, json: { amount: Number(card) } }))
      assert.deepStrictEqual(problemOf(anonymous), [422, "card_number_refused", "/amount"])
      const asked = { path: "/v1/merchants", key: operatorKey, json: { name: `Shop ${card}` } }
      assert.deepStrictEqual(problemOf(yield* requestOps(asked)), [422, "card_number_refused", "/name"])
    })
  )
})
