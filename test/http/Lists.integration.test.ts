import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Payment } from "../../src/domain/Payment.ts"
import { TestService } from "../support/TestService.ts"
import { problemOf } from "./Problems.ts"

const path = "/v1/payments"
const Page = Schema.Struct({
  data: Schema.Array(Payment),
  has_more: Schema.Boolean,
  next_cursor: Schema.NullOr(Schema.String)
})
const decodePage = Schema.decodeUnknownEffect(Page)

/** A merchant with so many captured payments, and their ids from the newest to the oldest. */
const merchantWith = Effect.fnUntraced(function* (payments: number) {
  const { charge, makeMerchant, request } = yield* TestService
  const { keys } = yield* makeMerchant()
  const ids: Array<string> = []
  for (let count = 0; count < payments; count++) ids.unshift((yield* charge({}, { key: keys.all })).json.id)
  const list = (query = "", key = keys.read) => request({ path: `${path}${query}`, key })
  const page = (query = "") => Effect.flatMap(list(query), ({ json }) => decodePage(json))
  return { keys, ids, list, page }
})

const idsOf = ({ data }: typeof Page.Type): ReadonlyArray<string> => data.map(({ id }) => id)

layer(TestService.layer)("GET /v1/payments", (it) => {
  it.effect("gives whole pages, the newest payment first, by cursor or by id", () =>
    Effect.gen(function* () {
      const { ids, page } = yield* merchantWith(7)
      for (const next of [
        ({ next_cursor }: typeof Page.Type) => `&cursor=${next_cursor}`,
        (last: typeof Page.Type) => `&starting_after=${idsOf(last).at(-1)}`
      ]) {
        const pages = [yield* page("?limit=3")]
        for (let last = pages[0]; last?.has_more; last = pages.at(-1)) pages.push(yield* page(`?limit=3${next(last)}`))
        assert.deepStrictEqual(
          pages.map(({ data }) => data.length),
          [3, 3, 1]
        )
        assert.deepStrictEqual(pages.flatMap(idsOf), ids)
        assert.strictEqual(pages.at(-1)?.next_cursor, null)
      }
      // The last page ends with the list, and says so.
      const exact = yield* page("?limit=7")
      assert.deepStrictEqual([exact.data.length, exact.has_more, exact.next_cursor], [7, false, null])
    })
  )

  it.effect("shows each payment as it shows it alone", () =>
    Effect.gen(function* () {
      const { request } = yield* TestService
      const { ids, keys, list } = yield* merchantWith(1)
      const alone = yield* request({ path: `${path}/${ids[0]}`, key: keys.read })
      assert.deepStrictEqual((yield* list()).json.data, [alone.json])
    })
  )

  it.effect("does not lose or repeat a payment when newer ones come in between", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const { ids, keys, page } = yield* merchantWith(4)
      const first = yield* page("?limit=2")
      yield* charge({}, { key: keys.all })
      const second = yield* page(`?limit=2&cursor=${first.next_cursor}`)
      assert.deepStrictEqual([...idsOf(first), ...idsOf(second)], ids)
    })
  )

  it.effect("holds 25 payments unless it is told otherwise, and 100 at most", () =>
    Effect.gen(function* () {
      const { list, page } = yield* merchantWith(26)
      const usual = yield* page()
      assert.deepStrictEqual([usual.data.length, usual.has_more], [25, true])
      assert.deepStrictEqual((yield* page("?limit=100")).data.length, 26)
      for (const limit of ["0", "101", "-1", "1.5", "x", "", "1e1000", "%00"]) {
        assert.deepStrictEqual(
          problemOf(yield* list(`?limit=${limit}`)),
          [400, "invalid_parameter", "/query/limit"],
          limit
        )
      }
      const twice = yield* list("?limit=1&limit=2")
      assert.deepStrictEqual(problemOf(twice), [400, "invalid_parameter", "/query/limit"])
    })
  )

  it.effect("filters by status, through all pages", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const { ids, keys, list, page } = yield* merchantWith(2)
      // EPX trigger list: 51, insufficient funds.
      const declined = [
        yield* charge({ amount: 120 }, { key: keys.all }),
        yield* charge({ amount: 120 }, { key: keys.all })
      ]
      assert.deepStrictEqual(idsOf(yield* page("?status=captured")), ids)
      const first = yield* page("?status=declined&limit=1")
      const second = yield* page(`?status=declined&limit=1&cursor=${first.next_cursor}`)
      assert.deepStrictEqual(
        [...idsOf(second), ...idsOf(first)],
        declined.map(({ json }) => json.id)
      )
      assert.strictEqual(second.has_more, false)
      assert.deepStrictEqual(yield* page("?status=refunded"), { data: [], has_more: false, next_cursor: null })
      for (const status of ["", "CAPTURED", "done", "captured,declined"]) {
        assert.deepStrictEqual(problemOf(yield* list(`?status=${status}`)), [400, "invalid_parameter", "/query/status"])
      }
    })
  )

  it.effect("takes no cursor but its own, and that only from whom it was given to", () =>
    Effect.gen(function* () {
      const { ids, keys, list, page } = yield* merchantWith(2)
      const other = yield* merchantWith(2)
      const { next_cursor } = yield* page("?limit=1")
      const cursor = next_cursor ?? ""
      const [letters = "", mac = ""] = cursor.split(".")
      const foreignCursor = (yield* other.page("?limit=1")).next_cursor
      const flipped = `${letters}.${mac.startsWith("A") ? "B" : "A"}${mac.slice(1)}`
      assert.strictEqual((yield* list(`?cursor=${cursor}`)).status, 200)
      for (const wrong of [
        "",
        "x",
        ".",
        letters,
        `${letters}.`,
        flipped,
        cursor.slice(0, -1),
        `${cursor}x`,
        `${cursor}.x`,
        `${other.ids[0]?.slice(4)}.${mac}`,
        String(foreignCursor),
        String(ids[0]),
        "%F0%9F%92%A9"
      ]) {
        assert.deepStrictEqual(problemOf(yield* list(`?cursor=${wrong}`)), [400, "invalid_cursor"], wrong)
      }
      assert.deepStrictEqual(problemOf(yield* list(`?cursor=${cursor}`, keys.live)), [400, "invalid_cursor"])
      const both = yield* list(`?cursor=${cursor}&starting_after=${ids[0]}`)
      assert.deepStrictEqual(problemOf(both), [400, "invalid_cursor"])
      const long = yield* list(`?cursor=${"x".repeat(101)}`)
      assert.deepStrictEqual(problemOf(long), [400, "invalid_parameter", "/query/cursor"])
    })
  )

  it.effect("reveals nothing of another tenant by an id to start after", () =>
    Effect.gen(function* () {
      const { ids, keys, list, page } = yield* merchantWith(2)
      const other = yield* merchantWith(1)
      // Where a payment stands in time is all that its id says.
      assert.deepStrictEqual(idsOf(yield* page(`?starting_after=${other.ids[0]}`)), ids)
      assert.deepStrictEqual((yield* list("", keys.live)).json.data, [])
      for (const id of ["pay_1", "txn_0000000000000000000000000z", ""]) {
        const answer = yield* list(`?starting_after=${id}`)
        assert.deepStrictEqual(problemOf(answer), [400, "invalid_parameter", "/query/starting_after"], id)
      }
    })
  )
})
