import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { TestService } from "../support/TestService.ts"

/** A merchant that may ask so often, and what it asks. */
const merchantWith = Effect.fnUntraced(function* (limits: object) {
  const { charge, makeMerchant, operatorKey, request, requestOps } = yield* TestService
  const { id, keys, terminal } = yield* makeMerchant()
  const change = (json: object) => requestOps({ method: "PATCH", path: `/v1/merchants/${id}`, key: operatorKey, json })
  const changed = yield* change(limits)
  assert.deepInclude(changed.json, limits)
  return {
    terminal,
    change,
    sell: Effect.suspend(() => charge({}, { key: keys.all })),
    read: request({ path: "/v1/payments?limit=1", key: keys.read })
  }
})

const statuses = (answers: ReadonlyArray<{ readonly status: number }>) => answers.map(({ status }) => status)

layer(TestService.layer)("ARCH-A8: a merchant that asks too often", (it) => {
  it.effect("is told so at once, with nothing done, while others and what it reads are served", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const { read, sell, terminal } = yield* merchantWith({ writes_per_second: 2 })
      const other = yield* merchantWith({})
      const first = yield* sell
      assert.deepStrictEqual(
        [first.status, first.headers["ratelimit-policy"], first.headers.ratelimit],
        [201, '"writes";q=2;w=1', '"writes";r=1;t=1']
      )
      const burst = yield* Effect.all(
        Array.from({ length: 12 }, () => sell),
        { concurrency: 12 }
      )
      const refused = burst.filter(({ status }) => status === 429)
      assert.deepStrictEqual(new Set(statuses(burst)), new Set([201, 429]))
      assert.isAtLeast(refused.length, 4)
      const [one] = refused
      assert.deepStrictEqual(
        [one?.json.code, one?.json.limit, one?.headers["retry-after"], one?.headers.ratelimit],
        ["rate_limited", "writes", "1", '"writes";r=0;t=1']
      )
      assert.strictEqual(one?.headers["content-type"], "application/problem+json")
      assert.strictEqual(one?.json.request_id, one?.headers["x-request-id"])
      assert.deepStrictEqual([(yield* read).status, (yield* other.sell).status], [200, 201])
      const sent = yield* simulator.requests({ key: terminal })
      assert.strictEqual(sent.length, 1 + burst.length - refused.length)
    })
  )

  it.effect("that has too much under way is told so, until some of it is over", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const { sell, terminal: key } = yield* merchantWith({ writes_at_once: 3 })
      yield* simulator.scenarios.add({ effect: "SLOW_2000", match: { TRAN_TYPE: "CCE1" }, times: 3, key })
      const burst = yield* Effect.all(
        Array.from({ length: 8 }, () => sell),
        { concurrency: 8 }
      )
      assert.deepStrictEqual(statuses(burst).toSorted(), [201, 201, 201, 429, 429, 429, 429, 429])
      const refused = burst.find(({ status }) => status === 429)
      assert.deepStrictEqual([refused?.json.limit, refused?.headers["retry-after"]], ["concurrency", "1"])
      assert.strictEqual((yield* sell).status, 201)
    })
  )

  it.effect("may ask more often as soon as an operator says so", () =>
    Effect.gen(function* () {
      const { change, read } = yield* merchantWith({ reads_per_second: 1 })
      const many = Effect.all(
        Array.from({ length: 6 }, () => read),
        { concurrency: 6 }
      )
      assert.include(statuses(yield* many), 429)
      yield* change({ reads_per_second: null })
      yield* TestClock.withLive(Effect.sleep("2 seconds"))
      assert.deepStrictEqual(statuses(yield* many), [200, 200, 200, 200, 200, 200])
    })
  )

  it.effect("is limited to a whole number that is not too large", () =>
    Effect.gen(function* () {
      const { change } = yield* merchantWith({})
      for (const value of [0, -1, 1.5, 1_000_001, "5"]) {
        const answer = yield* change({ reads_per_second: value })
        assert.deepStrictEqual([answer.status, answer.json.errors[0].pointer], [422, "/reads_per_second"])
      }
    })
  )
})
