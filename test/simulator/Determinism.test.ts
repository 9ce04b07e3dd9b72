import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, fieldsOf, key, post, sale, timeoutReversal } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric } from "./support/Lifecycle.ts"
import { fetchLookUp } from "./support/LookUp.ts"

const requests = [
  sale,
  { ...sale, TRAN_NBR: "2", AMOUNT: "1.05" },
  { ...sale, TRAN_NBR: "3", USER_DATA_10: "SIM_SHUFFLE" },
  { ...sale, TRAN_NBR: "4", USER_DATA_10: "SIM_SWAPPED" },
  timeoutReversal(sale),
  { ...key, TRAN_TYPE: "CCE1" }
]

const play = (seed: string) =>
  withSimulator(
    (simulator) =>
      Effect.forEach(requests, (form) => Effect.map(post(simulator, form), ({ raw }) => raw.toString("latin1"))),
    { seed }
  )

describe("the seed", () => {
  it.effect("gives the same bytes for the same requests, and others for another seed", () =>
    Effect.gen(function* () {
      const first = yield* play("one")
      assert.deepStrictEqual(yield* play("one"), first)
      const other = yield* play("two")
      assert.notStrictEqual(other[0], first[0])
      assert.strictEqual(other[5], first[5])
    })
  )

  it.effect("gives the same life of a payment too, look-ups included", () =>
    Effect.gen(function* () {
      const live = withSimulator(
        (simulator) =>
          Effect.gen(function* () {
            const held = yield* bricOf(simulator, { ...authorization, ZIP_CODE: "12345" })
            const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "40.00"))
            const refunded = yield* bricOf(simulator, byBric("CCE9", captured, "3", "5.00"))
            const voided = yield* bricOf(simulator, byBric("CCEX", refunded, "4"))
            const stored = yield* bricOf(simulator, byBric("CCE8", held, "5"))
            const { text } = yield* fetchLookUp(simulator, "/sale")
            return [held, captured, refunded, voided, stored, text]
          }),
        { seed: "one" }
      )
      assert.deepStrictEqual(yield* live, yield* live)
    })
  )

  it.effect("starts again with a reset", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const first = yield* post(simulator, sale)
        yield* simulator.clock.advance("5 days")
        yield* simulator.reset()
        const again = yield* post(simulator, sale)
        assert.deepStrictEqual(again.raw, first.raw)
      })
    )
  )

  it.effect("gives values of EPX's shape, never the same BRIC twice", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const brics = new Set<string>()
        for (let index = 0; index < 200; index++) {
          const answer = yield* ask(simulator, { ...sale, TRAN_NBR: `${index}` })
          assert.match(answer.AUTH_GUID ?? "", /^09L[0-9A-Z]{16}$/)
          assert.match(answer.AUTH_CODE ?? "", /^\d{6}$/)
          assert.match(answer.AUTH_TRAN_IDENT ?? "", /^\d{15}$/)
          assert.match(answer.AUTH_PAR ?? "", /^V\d{28}$/)
          brics.add(answer.AUTH_GUID ?? "")
        }
        assert.strictEqual(brics.size, 200)
      })
    )
  )

  it.effect("without a fixed start the clock is the real one", () =>
    withSimulator(
      (simulator) =>
        Effect.gen(function* () {
          // The clock of this test stands at 1970.
          const answer = fieldsOf(yield* post(simulator, sale))
          assert.strictEqual(answer.AUTH_TRAN_DATE_GMT, "01/01/1970 12:00:00 AM")
          yield* simulator.clock.advance("13 hours")
          const later = yield* ask(simulator, { ...sale, TRAN_NBR: "2" })
          assert.strictEqual(later.AUTH_TRAN_DATE_GMT, "01/01/1970 01:00:00 PM")
        }),
      { startAt: undefined }
    )
  )
})
