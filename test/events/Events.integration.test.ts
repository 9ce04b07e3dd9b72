import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Event } from "../../src/domain/Event.ts"
import { problemOf } from "../http/Problems.ts"
import { TestService } from "../support/TestService.ts"

const Page = Schema.Struct({
  data: Schema.Array(Event),
  has_more: Schema.Boolean,
  next_cursor: Schema.NullOr(Schema.String)
})
const decodePage = Schema.decodeUnknownEffect(Page)

/** A merchant that took a sale, a refused one and an authorization, in this order. */
const busyMerchant = Effect.gen(function* () {
  const { charge, makeMerchant, request } = yield* TestService
  const { keys } = yield* makeMerchant()
  const take = (change: object) => Effect.map(charge(change, { key: keys.all }), ({ json }) => json)
  // EPX trigger list: 51, insufficient funds.
  const payments = [yield* take({}), yield* take({ amount: 120 }), yield* take({ capture: false })]
  const list = (query = "", key = keys.read) => request({ path: `/v1/events${query}`, key })
  const page = (query = "") => Effect.flatMap(list(query), ({ json }) => decodePage(json))
  return { keys, payments, list, page }
})

const typesOf = ({ data }: typeof Page.Type) => data.map(({ type }) => type)

layer(TestService.layer)("GET /v1/events", (it) => {
  it.effect("tells what changed, the newest first, with the payment as it was then", () =>
    Effect.gen(function* () {
      const { list, page, payments } = yield* busyMerchant
      assert.deepStrictEqual(typesOf(yield* page()), ["payment.authorized", "payment.declined", "payment.captured"])
      const [first] = (yield* list("?type=payment.captured")).json.data
      const [sale] = payments
      assert.deepStrictEqual(first, {
        id: first.id,
        object: "event",
        type: "payment.captured",
        payment_id: sale.id,
        transaction_id: sale.transactions[0].id,
        created_at: first.created_at,
        data: { status: "captured", amount: 1999, currency: "USD" }
      })
      assert.match(first.created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    })
  )

  it.effect("gives whole pages, by cursor or by id", () =>
    Effect.gen(function* () {
      const { page } = yield* busyMerchant
      const all = yield* page()
      for (const next of [
        ({ next_cursor }: typeof Page.Type) => `&cursor=${next_cursor}`,
        ({ data }: typeof Page.Type) => `&starting_after=${data.at(-1)?.id}`
      ]) {
        const first = yield* page("?limit=2")
        const second = yield* page(`?limit=2${next(first)}`)
        assert.deepStrictEqual([...first.data, ...second.data], all.data)
        assert.deepStrictEqual([first.has_more, second.has_more, second.next_cursor], [true, false, null])
      }
    })
  )

  it.effect("filters by type and by payment, also together", () =>
    Effect.gen(function* () {
      const { list, page, payments } = yield* busyMerchant
      const [sale, declined] = payments
      assert.deepStrictEqual(typesOf(yield* page(`?payment_id=${declined.id}`)), ["payment.declined"])
      assert.lengthOf((yield* page(`?payment_id=${sale.id}&type=payment.captured`)).data, 1)
      assert.lengthOf((yield* page(`?payment_id=${sale.id}&type=payment.declined`)).data, 0)
      assert.lengthOf((yield* page("?type=refund.approved")).data, 0)
      for (const query of ["type=", "type=PAYMENT.CAPTURED", "type=payment", "payment_id=1", "limit=0", "page=2"]) {
        const [status, code] = problemOf(yield* list(`?${query}`))
        assert.deepStrictEqual([status, code], [400, "invalid_parameter"], query)
      }
    })
  )

  it.effect("shows a tenant its own events only, and takes no cursor of another", () =>
    Effect.gen(function* () {
      const one = yield* busyMerchant
      const other = yield* busyMerchant
      const [theirs] = (yield* other.page()).data
      assert.deepStrictEqual((yield* one.page(`?payment_id=${other.payments[0].id}`)).data, [])
      assert.deepStrictEqual((yield* one.list("", one.keys.live)).json.data, [])
      assert.lengthOf((yield* one.page(`?starting_after=${theirs?.id}`)).data, 3)
      const { next_cursor } = yield* other.page("?limit=1")
      for (const cursor of [next_cursor, "x", `${next_cursor}x`]) {
        assert.deepStrictEqual(problemOf(yield* one.list(`?cursor=${cursor}`)), [400, "invalid_cursor"])
      }
      const both = yield* other.list(`?cursor=${next_cursor}&starting_after=${theirs?.id}`)
      assert.deepStrictEqual(problemOf(both), [400, "invalid_cursor"])
      // A cursor of one list means nothing to another.
      const { request } = yield* TestService
      const payments = yield* request({ path: `/v1/payments?cursor=${next_cursor}`, key: other.keys.read })
      assert.deepStrictEqual(problemOf(payments), [400, "invalid_cursor"])
    })
  )
})
