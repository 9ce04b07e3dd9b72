import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { paymentExample } from "../../src/payments/PaymentExample.ts"
import { TestService } from "../support/TestService.ts"

const path = "/v1/payments"

/** A merchant with so many payments, the newest first, as they are shown. */
const merchantWith = Effect.fnUntraced(function* (count: number) {
  const { charge, makeMerchant, request } = yield* TestService
  const merchant = yield* makeMerchant()
  const payments: Array<typeof paymentExample> = []
  for (let each = 0; each < count; each++) payments.unshift((yield* charge({}, { key: merchant.keys.all })).json)
  const get = (more: string, headers: Readonly<Record<string, string>> = {}) =>
    request({ path: `${path}${more}`, key: merchant.keys.read, headers })
  return { ...merchant, payments, get }
})

layer(TestService.layer, { excludeTestServices: true })("API-9: GET /v1/payments/{id}", (it) => {
  it.effect("has a tag, and is not sent again to who knows it", () =>
    Effect.gen(function* () {
      const { get, payments } = yield* merchantWith(1)
      const one = `/${payments[0]?.id}`
      const first = yield* get(one)
      const { etag = "" } = first.headers
      assert.match(etag, /^W\/"[\w-]+-\d+"$/)
      for (const header of [etag, `"other", ${etag}`, "*"]) {
        const unchanged = yield* get(one, { "if-none-match": header })
        assert.deepStrictEqual(
          [unchanged.status, unchanged.text, unchanged.headers.etag, unchanged.headers["content-type"]],
          [304, "", etag, undefined],
          header
        )
      }
      const other = yield* get(one, { "if-none-match": '"other"' })
      assert.deepStrictEqual([other.status, other.json], [200, first.json])
    })
  )

  it.effect("is sent with another tag at the very next read after a change", () =>
    Effect.gen(function* () {
      const { request } = yield* TestService
      const { get, keys, payments } = yield* merchantWith(1)
      const one = `/${payments[0]?.id}`
      const { etag = "" } = (yield* get(one)).headers
      const headers = { "idempotency-key": crypto.randomUUID() }
      const voided = yield* request({ path: `${path}${one}/void`, method: "POST", key: keys.all, headers })
      assert.strictEqual(voided.status, 201)
      const changed = yield* get(one, { "if-none-match": etag })
      assert.deepStrictEqual([changed.status, changed.json.status], [200, "voided"])
      assert.notStrictEqual(changed.headers.etag, etag)
    })
  )

  it.effect("says nothing of a payment that is not there, or another's", () =>
    Effect.gen(function* () {
      const mine = yield* merchantWith(1)
      const { get } = yield* merchantWith(0)
      for (const id of [paymentExample.id, "pay_1", mine.payments[0]?.id]) {
        assert.strictEqual((yield* get(`/${id}`, { "if-none-match": "*" })).status, 404)
      }
    })
  )

  it.effect(
    "has another tag whenever it shows something else, also while it is undone",
    () =>
      Effect.gen(function* () {
        const { charge, simulator } = yield* TestService
        const { get, keys, terminal: key } = yield* merchantWith(0)
        yield* simulator.scenarios.add({ effect: "RESET_AFTER", match: { TRAN_TYPE: "CCE1" }, key })
        for (const effect of ["RESET_BEFORE", "SLOW_700"]) {
          yield* simulator.scenarios.add({ effect, match: { TRAN_TYPE: "CCE7" }, key })
        }
        const { json } = yield* charge({}, { key: keys.all })
        const sql = yield* SqlClient.SqlClient
        const shown = new Map<string, string>()
        const states = new Set<string>()
        const look = Effect.gen(function* () {
          const { headers, json: whole, text } = yield* get(`/${json.id}`)
          const { etag = "" } = headers
          const statuses = whole.transactions.map(({ status }: { readonly status: string }) => status)
          const state = [whole.status, ...statuses].join()
          states.add(state)
          // Times are put back below, which no version counts.
          const timeless = text.replaceAll(/"created_at":"[^"]*"/g, "")
          assert.strictEqual(shown.get(etag) ?? timeless, timeless)
          shown.set(etag, timeless)
          const again = yield* get(`/${json.id}`, { "if-none-match": etag })
          // Where it has changed in between, it comes with what it is now.
          if (again.status === 200) assert.notStrictEqual(again.headers.etag, etag)
          else assert.deepStrictEqual([again.status, again.headers.etag], [304, etag])
          return state
        })
        const next = (state: string) =>
          Effect.repeat(look, { until: (seen) => seen === state, schedule: Schedule.spaced("50 millis"), times: 100 })
        yield* next("unknown,unknown,unknown")
        // The second reversal would wait for 20 seconds.
        yield* sql`UPDATE transactions SET next_attempt_at = now(), created_at = created_at - interval '20 seconds'`
        yield* next("unknown,unknown,unknown,submitting")
        yield* next("reversed,reversed,unknown,approved")
        assert.includeMembers(
          [...states],
          ["unknown,unknown,unknown", "unknown,unknown,unknown,submitting", "reversed,reversed,unknown,approved"]
        )
        assert.strictEqual(shown.size, new Set(shown.values()).size)
      }),
    20_000
  )
})

layer(TestService.layer)("API-6: fields", (it) => {
  it.effect("of a payment and of a list are those that were asked for, and the id", () =>
    Effect.gen(function* () {
      const { get, payments } = yield* merchantWith(2)
      for (const [asked, expected] of [
        ["status,amount", ["id", "status", "amount"]],
        ["id", ["id"]],
        ["card, transactions ,created_at", ["id", "card", "created_at", "transactions"]]
      ] as const) {
        const query = `fields=${encodeURIComponent(asked)}`
        const pick = (payment: object) =>
          Object.fromEntries(
            Object.entries(payment).filter(([name]) => (expected as ReadonlyArray<string>).includes(name))
          )
        const one = yield* get(`/${payments[0]?.id}?${query}`)
        assert.deepStrictEqual([one.status, one.json], [200, pick(payments[0] ?? {})])
        const list = yield* get(`?${query}`)
        assert.deepStrictEqual([list.status, list.json.data], [200, payments.map(pick)])
      }
    })
  )

  it.effect("each come to what the whole payment says of them", () =>
    Effect.gen(function* () {
      const { get, payments } = yield* merchantWith(1)
      const [whole] = payments
      for (const [name, value] of Object.entries(whole ?? {})) {
        const { json } = yield* get(`/${whole?.id}?fields=${name}`)
        assert.deepStrictEqual(json, { id: whole?.id, [name]: value })
      }
    })
  )

  it.effect("are refused where there is none of that name", () =>
    Effect.gen(function* () {
      const { get, payments } = yield* merchantWith(1)
      for (const name of ["bric", "merchant_id", "statuss", "", "status;drop", "*"]) {
        for (const where of [`/${payments[0]?.id}`, ""]) {
          const refused = yield* get(`${where}?fields=status,${encodeURIComponent(name)}`)
          assert.deepStrictEqual([refused.status, refused.json.code], [400, "invalid_parameter"], name)
          assert.match(refused.json.errors[0].pointer, /^\/query\/fields/)
        }
      }
      const missing = yield* get(`/${paymentExample.id}?fields=status`)
      assert.deepStrictEqual([missing.status, missing.json.code], [404, "payment_not_found"])
    })
  )
})

layer(TestService.layer)("API-8: ids", (it) => {
  it.effect("read what they name, in their order, and name what there is none of", () =>
    Effect.gen(function* () {
      const other = yield* merchantWith(1)
      const { get, payments } = yield* merchantWith(3)
      const [a, b, c] = payments
      const foreign = other.payments[0]?.id
      const asked = [c?.id, foreign, a?.id, paymentExample.id, "nonsense", a?.id, b?.id].join(",")
      const named = yield* get(`?ids=${asked}`)
      assert.deepStrictEqual(
        [named.status, named.json],
        [
          200,
          { data: [c, a, b], not_found: [foreign, paymentExample.id, "nonsense"], has_more: false, next_cursor: null }
        ]
      )
      const sparse = yield* get(`?ids=${b?.id}&fields=status`)
      assert.deepStrictEqual(sparse.json.data, [{ id: b?.id, status: "captured" }])
    })
  )

  it.effect("are at most a hundred, and stand alone", () =>
    Effect.gen(function* () {
      const { get, payments } = yield* merchantWith(1)
      const id = payments[0]?.id ?? ""
      const hundred = yield* get(`?ids=${Array.from({ length: 100 }, () => id).join(",")}`)
      assert.deepStrictEqual([hundred.status, hundred.json.data.length], [200, 1])
      for (const query of [
        `ids=${Array.from({ length: 101 }, () => id).join(",")}`,
        `ids=${id}&status=captured`,
        `ids=${id}&starting_after=${id}`,
        `ids=${"x".repeat(65)}`,
        "ids=",
        `ids=${id},`
      ]) {
        const refused = yield* get(`?${query}`)
        assert.deepStrictEqual([refused.status, refused.json.code], [400, "invalid_parameter"], query)
        assert.match(refused.json.errors[0].pointer, /^\/query\/ids/)
      }
    })
  )
})
