import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { startTraceSink } from "./TraceSink.ts"

const spans = (...names: ReadonlyArray<string>) =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: names.map((name) => ({ name })) }] }] })

describe("TraceSink", () => {
  it.live("counts what it is sent, and the sales in it", () =>
    Effect.gen(function* () {
      const { counted, url } = yield* startTraceSink
      const bodies = [spans("POST /v1/payments", "Epx.sale", "POST /v1/payments"), spans("GET /v1/payments/:id")]
      for (const body of bodies) {
        const { status } = yield* Effect.promise(() => fetch(`${url}/v1/traces`, { method: "POST", body }))
        assert.strictEqual(status, 200)
      }
      assert.deepStrictEqual(counted(), { requests: 2, bytes: bodies.join("").length, sales: 2 })
    })
  )
})
