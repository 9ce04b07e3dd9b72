import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric, codeOf, money, states } from "./support/Lifecycle.ts"

describe("a void", () => {
  it.effect.each([
    { what: "a sale", form: sale },
    { what: "an authorization", form: authorization }
  ])("takes $what back, once", ({ form }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = yield* bricOf(simulator, form)
        const answer = yield* ask(simulator, byBric("CCEX", bric, "2"))
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_CARD_TYPE, answer.AUTH_AMOUNT], ["00", undefined, "0.00"])
        assert.isFalse([undefined, bric].includes(answer.AUTH_GUID))
        assert.deepStrictEqual(yield* money(simulator), [0, 0, 0])
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", bric, "3")), "21")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", bric, "4")), "21")
        assert.deepStrictEqual(yield* states(simulator), [`${form.TRAN_TYPE} voided`, "CCEX done"])
        const [ledger] = yield* simulator.ledger()
        assert.deepStrictEqual([ledger?.voids, ledger?.reversals, ledger?.net], [1, 0, 0])
      })
    )
  )

  it.effect("does not care for an amount", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = yield* bricOf(simulator, sale)
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", bric, "2", "1.00")), "00")
        assert.deepStrictEqual(yield* money(simulator), [0, 0, 0])
      })
    )
  )

  it.effect("of a refund gives back what can be refunded", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = yield* bricOf(simulator, sale)
        const refunded = yield* bricOf(simulator, byBric("CCE9", bric, "2", "12.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", bric, "3", "0.01")), "13")
        yield* bricOf(simulator, byBric("CCEX", refunded, "4"))
        assert.deepStrictEqual(yield* money(simulator), [0, 1200, 0])
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", bric, "5", "12.00")), "00")
      })
    )
  )

  it.effect("of what is captured or refunded is refused with 21", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "50.00"))
        yield* bricOf(simulator, byBric("CCE9", captured, "3", "1.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", held, "4")), "21")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", captured, "5")), "21")
        assert.deepStrictEqual(yield* money(simulator), [0, 5000, 100])
      })
    )
  )

  it.effect("of a void or reversal is refused with 12, and nothing is found under an unknown BRIC or a decline's", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const first = yield* bricOf(simulator, authorization)
        const lowered = yield* bricOf(simulator, byBric("CCE7", first, "2", "20.00"))
        const voided = yield* bricOf(simulator, byBric("CCEX", first, "3"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", lowered, "4")), "12")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", voided, "5")), "12")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", "09LUNKNOWN000000001", "6")), "25")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", simulator.brics.visa, "7")), "25")
        const { AUTH_GUID } = yield* ask(simulator, { ...sale, TRAN_NBR: "8", AMOUNT: "1.05" })
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", AUTH_GUID, "9")), "25")
        const sold = yield* bricOf(simulator, { ...sale, TRAN_NBR: "10" })
        const elsewhere = { ...byBric("CCEX", sold, "11"), MERCH_NBR: "700011" }
        assert.strictEqual(yield* codeOf(simulator, elsewhere), "25")
      })
    )
  )

  it.effect("works where the issuer declines the reversal", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = yield* bricOf(simulator, { ...sale, USER_DATA_10: "SIM_REVERSAL_DECLINED" })
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", bric, "2")), "05")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", bric, "3")), "00")
      })
    )
  )
})
