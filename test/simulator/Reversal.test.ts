import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Simulator } from "../../src/simulator/Simulator.ts"
import { ask, type Form, key, post, sale, timeoutReversal } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

type Service = Simulator["Service"]

const authorization: Form = { ...sale, TRAN_TYPE: "CCE2", AMOUNT: "50.00" }

const code = (simulator: Service, form: Form) => Effect.map(ask(simulator, form), (answer) => answer.AUTH_RESP)

const line = (simulator: Service) =>
  Effect.map(simulator.ledger(), ([ledger]) => [ledger?.held, ledger?.captured, ledger?.released])

describe("a timeout reversal", () => {
  const originals = [
    { type: "CCE1", before: [0, 5000, 0] },
    { type: "CCE2", before: [5000, 0, 0] }
  ]

  it.effect.each(originals)("releases a $type of the pair at two minutes", ({ type, before }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { AUTH_GUID } = yield* ask(simulator, { ...authorization, TRAN_TYPE: type })
        assert.deepStrictEqual(yield* line(simulator), before)
        yield* simulator.clock.advance("120 seconds")
        const answer = yield* ask(simulator, timeoutReversal(sale))
        assert.strictEqual(answer.AUTH_RESP, "00")
        assert.notStrictEqual(answer.AUTH_GUID, AUTH_GUID)
        assert.deepStrictEqual(yield* line(simulator), [0, 0, 5000])
      })
    )
  )

  const late = [
    { switched: "25", released: 0 },
    { switched: "ED", released: 0 },
    { switched: "00", released: 5000 }
  ] as const

  it.effect.each(late)("later than two minutes is answered $switched, as switched", ({ switched, released }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ late_cce7: switched })
        yield* ask(simulator, authorization)
        yield* simulator.clock.advance("120001 millis")
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), switched)
        assert.deepStrictEqual(yield* line(simulator), [5000 - released, 0, released])
      })
    )
  )

  it.effect.each(["25", "00"] as const)("of a declined original is answered %s, as switched", (switched) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ cce7_declined: switched })
        assert.strictEqual(yield* code(simulator, { ...sale, AMOUNT: "1.05" }), "05")
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), switched)
        assert.deepStrictEqual(yield* line(simulator), [0, 0, 0])
      })
    )
  )

  it.effect.each(["25", "00"] as const)("the second time is answered %s, as switched", (switched) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ cce7_twice: switched })
        yield* ask(simulator, sale)
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), "00")
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), switched)
        assert.deepStrictEqual(yield* line(simulator), [0, 0, 1200])
      })
    )
  )

  it.effect("is a matter of MERCH_NBR and pair, not of the terminal", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        const reversal = timeoutReversal(sale)
        assert.strictEqual(yield* code(simulator, { ...reversal, MERCH_NBR: "700011" }), "25")
        assert.strictEqual(yield* code(simulator, { ...reversal, BATCH_ID: "20260315" }), "25")
        assert.strictEqual(yield* code(simulator, { ...reversal, TRAN_NBR: "1002" }), "25")
        assert.strictEqual(yield* code(simulator, { ...reversal, TERMINAL_NBR: "2" }), "00")
      })
    )
  )

  it.effect("with an amount is refused", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        assert.strictEqual(yield* code(simulator, { ...timeoutReversal(sale), AMOUNT: "12.00" }), "13")
        assert.deepStrictEqual(yield* line(simulator), [0, 1200, 0])
      })
    )
  )

  it.effect("of a pair used twice undoes one use at a time, newest first", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ dup_mode: "off" })
        yield* ask(simulator, sale)
        yield* ask(simulator, { ...sale, AMOUNT: "7.00" })
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), "00")
        assert.deepStrictEqual(yield* line(simulator), [0, 1200, 700])
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), "00")
        assert.strictEqual(yield* code(simulator, timeoutReversal(sale)), "25")
      })
    )
  )

  it.effect("counts for the reference of its original", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, timeoutReversal(sale))
        const transactions = yield* simulator.transactions({ reference: "pay_0001" })
        assert.deepStrictEqual(
          transactions.map(({ type, target }) => [type, target?.tranNbr ?? null]),
          [
            ["CCE1", null],
            ["CCE7", "1001"]
          ]
        )
      })
    )
  )
})

describe("a reversal by BRIC", () => {
  const reversal = (bric: string | undefined, tranNbr: string, amount?: string): Form => ({
    ...key,
    TRAN_TYPE: "CCE7",
    BATCH_ID: "20260314",
    TRAN_NBR: tranNbr,
    ORIG_AUTH_GUID: bric ?? "",
    CARD_ENT_METH: "Z",
    ...(amount === undefined ? {} : { AMOUNT: amount })
  })

  const withAuthorization = <A>(test: (simulator: Service, bric: string) => Effect.Effect<A>) =>
    withSimulator((simulator) =>
      Effect.flatMap(ask(simulator, authorization), ({ AUTH_GUID = "" }) => test(simulator, AUTH_GUID))
    )

  it.effect("lowers the hold to the amount sent, again and again", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        const answer = yield* ask(simulator, reversal(bric, "1", "30.00"))
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_AMOUNT], ["00", "30.00"])
        assert.deepStrictEqual(yield* line(simulator), [3000, 0, 2000])
        assert.strictEqual(yield* code(simulator, reversal(bric, "2", "30.01")), "13")
        assert.strictEqual(yield* code(simulator, reversal(bric, "3", "10.00")), "00")
        assert.strictEqual(yield* code(simulator, reversal(bric, "4")), "00")
        assert.deepStrictEqual(yield* line(simulator), [0, 0, 5000])
      })
    )
  )

  it.effect("works long after two minutes", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        yield* simulator.clock.advance("3 days")
        assert.strictEqual(yield* code(simulator, reversal(bric, "1")), "00")
      })
    )
  )

  it.effect("of what is already released is refused with 21", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        yield* ask(simulator, reversal(bric, "1"))
        const answer = yield* ask(simulator, reversal(bric, "2"))
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_GUID, answer.AUTH_CARD_TYPE], ["21", undefined, "V"])
      })
    )
  )

  it.effect("of a reversal is refused with 12", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        const { AUTH_GUID } = yield* ask(simulator, reversal(bric, "1", "30.00"))
        assert.strictEqual(yield* code(simulator, reversal(AUTH_GUID, "2")), "12")
      })
    )
  )

  it.effect("finds nothing under a stored BRIC, an unknown one, another merchant's or a declined sale's", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* code(simulator, reversal(simulator.brics.visa, "1")), "25")
        assert.strictEqual(yield* code(simulator, reversal("09LUNKNOWN000000001", "2")), "25")
        assert.strictEqual(yield* code(simulator, { ...reversal(bric, "3"), MERCH_NBR: "700011" }), "25")
        const { AUTH_GUID } = yield* ask(simulator, { ...sale, TRAN_NBR: "4", AMOUNT: "1.05" })
        assert.strictEqual(yield* code(simulator, reversal(AUTH_GUID, "5")), "25")
        assert.deepStrictEqual(yield* line(simulator), [5000, 0, 0])
      })
    )
  )

  it.effect("declined by the issuer leaves the hold", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        const declined = { ...reversal(bric, "1"), USER_DATA_10: "SIM_REVERSAL_DECLINED" }
        assert.strictEqual(yield* code(simulator, declined), "05")
        assert.deepStrictEqual(yield* line(simulator), [5000, 0, 0])
      })
    )
  )

  it.effect("meets the fault that its original asked for", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { AUTH_GUID } = yield* ask(simulator, { ...sale, USER_DATA_10: "SIM_REVERSAL_DECLINED" })
        assert.strictEqual(yield* code(simulator, reversal(AUTH_GUID, "1")), "05")
        assert.strictEqual(yield* code(simulator, reversal(AUTH_GUID, "2")), "00")
      })
    )
  )

  it.effect("needs CARD_ENT_METH Z and no card", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        const { CARD_ENT_METH: _, ...without } = reversal(bric, "1")
        assert.strictEqual(yield* code(simulator, without), "EH")
        const card = { ...without, CARD_ENT_METH: "E", ACCOUNT_NBR: "4000000000000002" }
        assert.strictEqual(yield* code(simulator, card), "EH")
      })
    )
  )

  it.effect("forced codes: told a refusal, but done", () =>
    withAuthorization((simulator, bric) =>
      Effect.gen(function* () {
        const forced = { ...reversal(bric, "1"), USER_DATA_10: "SIM_CODE_96_CHARGED" }
        assert.strictEqual((yield* post(simulator, forced)).status, 200)
        assert.deepStrictEqual(yield* line(simulator), [0, 0, 5000])
      })
    )
  )
})
