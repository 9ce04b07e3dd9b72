import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { findDoubleCharges } from "../../src/simulator/Assertions.ts"
import { Cards, testBrics } from "../../src/simulator/Cards.ts"
import { Terminals } from "../../src/simulator/Terminals.ts"
import { newTransaction, type Transaction } from "../../src/simulator/Transaction.ts"
import { ask, key, keyText, post, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric } from "./support/Lifecycle.ts"

describe("no-double-charge", () => {
  it.effect("takes an authorization and its capture for one charge, and two captured ones for two", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const first = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", first, "2", "50.00"))
        assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
        const second = yield* bricOf(simulator, { ...authorization, TRAN_NBR: "3" })
        yield* bricOf(simulator, byBric("CCE4", second, "4", "20.00"))
        const [found] = yield* simulator.doubleCharges()
        assert.deepStrictEqual([found?.kind, found?.key, found?.reference], ["charged_twice", keyText, "pay_0001"])
        assert.deepStrictEqual(
          found?.transactions.map(({ type, amount }) => [type, amount]),
          [
            ["CCE4", 5000],
            ["CCE4", 2000]
          ]
        )
        assert.strictEqual((yield* simulator.ledger())[0]?.standing, 2)
        yield* bricOf(simulator, byBric("CCE9", captured, "5", "49.99"))
        assert.strictEqual((yield* simulator.doubleCharges()).length, 1)
        yield* bricOf(simulator, byBric("CCE9", captured, "6", "0.01"))
        assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
        assert.strictEqual((yield* simulator.ledger())[0]?.standing, 1)
      })
    )
  )

  it.effect("forgives what is voided, and counts a hold that a void gave back", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "50.00"))
        const sold = yield* bricOf(simulator, { ...sale, TRAN_NBR: "3" })
        assert.strictEqual((yield* simulator.doubleCharges()).length, 1)
        yield* bricOf(simulator, byBric("CCEX", captured, "4"))
        assert.strictEqual((yield* simulator.doubleCharges()).length, 1)
        yield* bricOf(simulator, byBric("CCEX", sold, "5"))
        assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
      })
    )
  )

  // The simulator itself lets neither happen; the assertion must not rely on that.
  const made = (type: string, amount: number, target?: Transaction): Transaction => {
    const terminal = new Terminals().find(keyText)
    const card = new Cards("seed").findTestBric(testBrics.visa)
    if (terminal === undefined || card === undefined) throw new Error("the published BRIC has a card")
    const fields = new Map<string, string>(Object.entries(key))
    const request = { fields, terminal, profile: terminal.profile, type, receivedAt: 0, dueAt: 0 }
    return newTransaction(request, { card, bric: "", code: "00", isDone: true, amount, target })
  }

  it("finds two captures of one authorization", () => {
    const held = made("CCE2", 5000)
    const captures = [made("CCE4", 1000, held), made("CCE4", 1000, held)]
    const [found] = findDoubleCharges([held, ...captures])
    assert.deepStrictEqual([found?.kind, found?.transactions], ["captured_twice", captures])
  })

  it("finds refunds beyond what was captured", () => {
    const sold = made("CCE1", 1000)
    const all = [sold, made("CCE9", 600, sold), made("CCE9", 400, sold)]
    assert.deepStrictEqual(findDoubleCharges(all), [])
    const [found] = findDoubleCharges([...all, made("CCE9", 1, sold)])
    assert.deepStrictEqual([found?.kind, found?.transactions.length], ["refunded_beyond", 4])
  })
})

describe("no-double-refund", () => {
  it.effect("finds two refunds of one attempt, until one is voided", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const asked = () =>
          Effect.promise(() => fetch(new URL("/__sim/assert/no-double-refund", simulator.controlUrl))).pipe(
            Effect.map(({ status }) => status)
          )
        const sold = yield* bricOf(simulator, sale)
        const refund = (tranNbr: string, attempt: string) =>
          bricOf(simulator, { ...byBric("CCE9", sold, tranNbr, "1.00"), USER_DATA_2: attempt })
        yield* refund("2", "att_1")
        yield* refund("3", "att_2")
        yield* bricOf(simulator, byBric("CCE9", sold, "4", "1.00"))
        yield* bricOf(simulator, byBric("CCE9", sold, "5", "1.00"))
        assert.strictEqual(yield* asked(), 200)
        const again = yield* refund("6", "att_1")
        assert.strictEqual(yield* asked(), 409)
        const [found] = yield* simulator.doubleRefunds()
        assert.deepStrictEqual([found?.key, found?.attempt], [keyText, "att_1"])
        assert.deepStrictEqual(
          found?.transactions.map(({ tranNbr }) => tranNbr),
          ["2", "6"]
        )
        yield* bricOf(simulator, byBric("CCEX", again, "7"))
        assert.strictEqual(yield* asked(), 200)
      })
    )
  )
})

describe("all-definite", () => {
  it.effect("finds a capture and a refund that nobody was told of", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        yield* post(simulator, { ...byBric("CCE4", held, "2", "50.00"), USER_DATA_10: "SIM_RESET_AFTER" })
        const sold = yield* bricOf(simulator, { ...sale, TRAN_NBR: "3" })
        yield* post(simulator, { ...byBric("CCE9", sold, "4", "1.00"), USER_DATA_10: "SIM_RESET_AFTER" })
        yield* ask(simulator, byBric("CCE9", sold, "5", "1.00"))
        const found = yield* simulator.indefinite("0 seconds")
        assert.deepStrictEqual(
          found.map(({ tranNbr, reason }) => [tranNbr, reason]),
          [
            ["2", "untold"],
            ["4", "untold"]
          ]
        )
      })
    )
  )
})
