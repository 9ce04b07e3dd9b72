import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, type Form, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric, codeOf, money, states } from "./support/Lifecycle.ts"

describe("a refund", () => {
  it.effect("comes in parts, up to the sale", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "2", "5.00")), "00")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "3", "7.01")), "13")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "4", "7.00")), "00")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "5", "0.01")), "13")
        assert.deepStrictEqual(yield* money(simulator), [0, 1200, 1200])
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 refunded", "CCE9 open", "CCE9 open"])
        const [ledger] = yield* simulator.ledger()
        assert.deepStrictEqual([ledger?.net, ledger?.standing], [0, 0])
      })
    )
  )

  it.effect("counts for the payment of its sale, whatever its own reference", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        yield* bricOf(simulator, { ...byBric("CCE9", sold, "2", "5.00"), USER_DATA_1: "rfd_1", USER_DATA_2: "att_1" })
        const [ledger] = yield* simulator.ledger()
        assert.deepStrictEqual(Object.keys(ledger?.references ?? {}), ["pay_0001"])
        assert.strictEqual(ledger?.references.pay_0001?.net, 700)
        const [shown] = yield* simulator.transactions({ reference: "rfd_1" })
        assert.deepStrictEqual([shown?.reference, shown?.attempt, shown?.amount], ["rfd_1", "att_1", 500])
      })
    )
  )

  it.effect("of a capture goes no further than was captured", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "20.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", captured, "3", "20.01")), "13")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", captured, "4", "20.00")), "00")
        assert.deepStrictEqual(yield* money(simulator), [0, 2000, 2000])
      })
    )
  )

  it.effect("of an open sale is a matter of the profile", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ refund_unsettled: "S7" })
        const sold = yield* bricOf(simulator, sale)
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "2", "5.00")), "S7")
        yield* simulator.clock.advance("1 day")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "3", "5.00")), "00")
      })
    )
  )

  it.effect("finds no sale under an unknown BRIC, and none to refund under an authorization or a void", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", "09LUNKNOWN000000001", "1", "1.00")), "S5")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", simulator.brics.visa, "2", "1.00")), "S5")
        const sold = yield* bricOf(simulator, { ...sale, TRAN_NBR: "3" })
        const elsewhere = { ...byBric("CCE9", sold, "4", "1.00"), MERCH_NBR: "700011" }
        assert.strictEqual(yield* codeOf(simulator, elsewhere), "S5")
        const held = yield* bricOf(simulator, { ...authorization, TRAN_NBR: "5" })
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", held, "6", "1.00")), "S7")
        const { AUTH_GUID } = yield* ask(simulator, { ...sale, TRAN_NBR: "7", AMOUNT: "1.05" })
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", AUTH_GUID, "8", "1.00")), "S7")
        yield* bricOf(simulator, byBric("CCEX", sold, "9"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "10", "1.00")), "S7")
      })
    )
  )

  it.effect("names the pair of its sale, or of its capture's authorization", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const pair = (tranNbr: string): Form => ({ ORIG_BATCH_ID: "20260314", ORIG_TRAN_NBR: tranNbr })
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "50.00"))
        const code = (tranNbr: string, more: Form) =>
          codeOf(simulator, { ...byBric("CCE9", captured, tranNbr, "1.00"), ...more })
        assert.strictEqual(yield* code("3", pair("2")), "00")
        assert.strictEqual(yield* code("4", pair("1001")), "00")
        assert.strictEqual(yield* code("5", pair("3")), "S7")
        assert.strictEqual(yield* code("6", { ...pair("2"), ORIG_BATCH_ID: "20260315" }), "S7")
        yield* simulator.patchProfile({ orig_pair_required: true })
        assert.strictEqual(yield* code("7", {}), "S5")
        assert.strictEqual(yield* code("8", pair("2")), "00")
      })
    )
  )

  it.effect("may be answered as CCEA, but not for Amex", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ ccea_rewrite: true })
        const { visa, amex } = simulator.brics
        const sold = yield* Effect.forEach([visa, amex], (ORIG_AUTH_GUID, index) =>
          bricOf(simulator, { ...sale, ORIG_AUTH_GUID, TRAN_NBR: `${index}` })
        )
        const answers = yield* Effect.forEach(sold, (bric, index) =>
          ask(simulator, byBric("CCE9", bric, `1${index}`, "1.00"))
        )
        assert.deepStrictEqual(
          answers.map(({ TRAN_TYPE, ORIG_TRAN_TYPE }) => [TRAN_TYPE, ORIG_TRAN_TYPE]),
          [
            ["CCEA", "CCE9"],
            ["CCE9", "CCE9"]
          ]
        )
      })
    )
  )

  it.effect("moves with 85 too, and not with a decline", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        const asked = (tranNbr: string, fault: string) =>
          ask(simulator, { ...byBric("CCE9", sold, tranNbr, "1.00"), USER_DATA_10: `SIM_${fault}` })
        const approved = yield* asked("2", "APPROVE_85")
        assert.deepStrictEqual([approved.AUTH_RESP, approved.AUTH_AMOUNT], ["85", "1.00"])
        assert.deepStrictEqual(yield* money(simulator), [0, 1200, 100])
        assert.strictEqual((yield* asked("3", "CODE_51")).AUTH_RESP, "51")
        assert.deepStrictEqual(yield* money(simulator), [0, 1200, 100])
        assert.strictEqual((yield* asked("4", "CODE_96_CHARGED")).AUTH_RESP, "96")
        assert.deepStrictEqual(yield* money(simulator), [0, 1200, 200])
      })
    )
  )

  it.effect("limits what a reversal may take back", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        yield* bricOf(simulator, byBric("CCE9", sold, "2", "5.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", sold, "3")), "21")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", sold, "4", "4.99")), "21")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", sold, "5", "5.00")), "00")
        assert.deepStrictEqual(yield* money(simulator), [0, 500, 500])
      })
    )
  )

  it.effect("to a card without a sale is not served", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { ORIG_AUTH_GUID: _, ...form } = byBric("CCE9", undefined, "1", "1.00")
        const card = { ...form, CARD_ENT_METH: "E", ACCOUNT_NBR: "4000000000000002", EXP_DATE: "4912" }
        assert.strictEqual(yield* codeOf(simulator, card), "58")
      })
    )
  )
})
