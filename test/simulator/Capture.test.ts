import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, sale, timeoutReversal } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric, codeOf, money, states } from "./support/Lifecycle.ts"

describe("a capture", () => {
  it.effect("charges what it names, ends the hold and has a BRIC of its own", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const { AUTH_RESP, AUTH_GUID, AUTH_AMOUNT } = yield* ask(simulator, byBric("CCE4", held, "2", "42.50"))
        assert.deepStrictEqual([AUTH_RESP, AUTH_AMOUNT], ["00", "42.50"])
        assert.notStrictEqual(AUTH_GUID, held)
        assert.deepStrictEqual(yield* money(simulator), [0, 4250, 0])
        assert.deepStrictEqual(yield* states(simulator), ["CCE2 captured", "CCE4 open"])
        const [, shown] = yield* simulator.transactions()
        assert.deepStrictEqual(
          [shown?.amount, shown?.reference, shown?.target],
          [4250, "pay_0001", { type: "CCE2", batchId: "20260314", tranNbr: "1001" }]
        )
      })
    )
  )

  it.effect("happens once", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        yield* bricOf(simulator, byBric("CCE4", held, "2", "10.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", held, "3", "10.00")), "EV")
        assert.deepStrictEqual(yield* money(simulator), [0, 1000, 0])
      })
    )
  )

  it.effect("is possible again after its void", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "50.00"))
        yield* bricOf(simulator, byBric("CCEX", captured, "3"))
        assert.deepStrictEqual(yield* money(simulator), [5000, 0, 0])
        assert.deepStrictEqual(yield* states(simulator), ["CCE2 open", "CCE4 voided", "CCEX done"])
        yield* bricOf(simulator, byBric("CCE4", held, "4", "20.00"))
        assert.deepStrictEqual(yield* money(simulator), [0, 2000, 0])
      })
    )
  )

  it.effect("takes no more than is authorized, or left of it", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", held, "2", "50.01")), "13")
        yield* bricOf(simulator, byBric("CCE7", held, "3", "30.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", held, "4", "30.01")), "13")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", held, "5", "30.00")), "00")
      })
    )
  )

  it.effect("is too late after 30 days", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const [first, second] = yield* Effect.forEach(["1", "2"], (TRAN_NBR) =>
          bricOf(simulator, { ...authorization, TRAN_NBR })
        )
        yield* simulator.clock.advance("30 days")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", first, "3", "1.00")), "00")
        yield* simulator.clock.advance("1 millis")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", second, "4", "1.00")), "ED")
      })
    )
  )

  it.effect("finds no authorization under another BRIC, a reversed one or another merchant's", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const sold = yield* bricOf(simulator, { ...sale, TRAN_NBR: "2" })
        const { AUTH_GUID: declined } = yield* ask(simulator, { ...authorization, TRAN_NBR: "3", AMOUNT: "1.05" })
        for (const [index, bric] of ["09LUNKNOWN000000001", simulator.brics.visa, sold, declined].entries()) {
          assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", bric, `1${index}`, "1.00")), "S8")
        }
        const elsewhere = { ...byBric("CCE4", held, "20", "1.00"), MERCH_NBR: "700011" }
        assert.strictEqual(yield* codeOf(simulator, elsewhere), "S8")
        yield* bricOf(simulator, byBric("CCE7", held, "21"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", held, "22", "1.00")), "S8")
        assert.deepStrictEqual(yield* money(simulator), [0, 1200, 0])
      })
    )
  )

  it.effect("keeps its authorization from being reversed, by BRIC and by pair", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "50.00"))
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", held, "3")), "21")
        assert.strictEqual(yield* codeOf(simulator, timeoutReversal(authorization)), "21")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", captured, "4")), "12")
        assert.deepStrictEqual(yield* money(simulator), [0, 5000, 0])
      })
    )
  )

  it.effect("needs an amount and a BRIC", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE4", held, "2")), "13")
        const { ORIG_AUTH_GUID: _, ...without } = byBric("CCE4", held, "3", "1.00")
        const card = { ...without, CARD_ENT_METH: "E", ACCOUNT_NBR: "4000000000000002", EXP_DATE: "4912" }
        assert.strictEqual(yield* codeOf(simulator, card), "EH")
      })
    )
  )
})
