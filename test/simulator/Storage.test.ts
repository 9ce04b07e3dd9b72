import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, type Form, key, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { bricOf, byBric, codeOf, money, states } from "./support/Lifecycle.ts"

const byCard: Form = {
  ...key,
  TRAN_TYPE: "CCE8",
  BATCH_ID: "20260314",
  TRAN_NBR: "1",
  ACCOUNT_NBR: "4000000000000002",
  EXP_DATE: "4912",
  CARD_ENT_METH: "E"
}

const amex = { ACCOUNT_NBR: "340000000000009" }
const good = { ADDRESS: "123 Example Street", ZIP_CODE: "12345" }
const wrong = { ADDRESS: "9 Other Road", ZIP_CODE: "54321" }

describe("storage of a card", () => {
  const triggers: ReadonlyArray<{ readonly name: string; readonly form: Form; readonly code: string }> = [
    { name: "neither security code nor address", form: {}, code: "05" },
    { name: "a wrong security code", form: { CVV2: "321", ...good }, code: "05" },
    { name: "a wrong security code of Amex", form: { ...amex, CVV2: "4321", ...good }, code: "05" },
    { name: "a right security code alone", form: { CVV2: "123" }, code: "00" },
    { name: "a right security code and a wrong address", form: { CVV2: "123", ...wrong }, code: "00" },
    { name: "a wrong address alone", form: wrong, code: "00" },
    { name: "another card", form: { ACCOUNT_NBR: "4111111111111111" }, code: "00" }
  ]

  it.effect.each(triggers)("with $name: $code", ({ form, code }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* codeOf(simulator, { ...byCard, ...form }), code)
        assert.deepStrictEqual(yield* money(simulator), [0, 0, 0])
      })
    )
  )

  it.effect("that is declined leaves a BRIC that nobody knows, and answers the profile's code", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ decline_storage_code: "EO" })
        const { AUTH_RESP, AUTH_GUID = "" } = yield* ask(simulator, byCard)
        assert.deepStrictEqual([AUTH_RESP, AUTH_GUID.length], ["EO", 19])
        assert.strictEqual(yield* codeOf(simulator, { ...sale, ORIG_AUTH_GUID: AUTH_GUID }), "25")
      })
    )
  )

  it.effect("lasts longer than any BRIC of a sale", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const stored = yield* bricOf(simulator, { ...byCard, ...good })
        yield* simulator.clock.advance("1500 days")
        assert.strictEqual(yield* codeOf(simulator, { ...sale, ORIG_AUTH_GUID: stored }), "00")
      })
    )
  )

  it.effect("turns the issuer's 85 into an approval", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const answer = yield* ask(simulator, { ...byCard, ...good, USER_DATA_10: "SIM_APPROVE_85" })
        assert.deepStrictEqual([answer.AUTH_RESP, answer.NETWORK_RESPONSE], ["00", "85"])
      })
    )
  )

  it.effect("does not take an amount", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* codeOf(simulator, { ...byCard, ...good, AMOUNT: "1.00" }), "13")
        assert.strictEqual(yield* codeOf(simulator, { ...byCard, ...good, AMOUNT: "0.00" }), "00")
      })
    )
  )
})

describe("conversion of a BRIC", () => {
  it.effect("gives another BRIC, which lasts, and hands on the address", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, { ...sale, ...good })
        const answer = yield* ask(simulator, byBric("CCE8", sold, "2"))
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_AVS], ["00", "Y"])
        assert.match(answer.AUTH_TRAN_IDENT ?? "", /^\d{15}$/)
        yield* simulator.clock.advance("1500 days")
        assert.strictEqual(yield* codeOf(simulator, { ...sale, TRAN_NBR: "3", ORIG_AUTH_GUID: sold }), "25")
        const again = { ...sale, TRAN_NBR: "4", ORIG_AUTH_GUID: answer.AUTH_GUID ?? "" }
        assert.strictEqual(yield* codeOf(simulator, again), "00")
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 settled", "CCE8 done", "CCE1 open"])
      })
    )
  )

  it.effect("without any address obeys the triggers as the profile says", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE8", sold, "2")), "05")
        assert.strictEqual(yield* codeOf(simulator, { ...byBric("CCE8", sold, "3"), ...wrong }), "00")
        yield* simulator.patchProfile({ triggers_on_bric: false })
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE8", sold, "4")), "00")
      })
    )
  )

  it.effect("of an unknown BRIC or one not to be kept is refused", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE8", "09LUNKNOWN000000001", "1")), "25")
        const guest = yield* bricOf(simulator, { ...sale, ...good, COF_PERIOD: "0" })
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE8", guest, "2")), "12")
      })
    )
  )
})

describe("an update of a storage BRIC", () => {
  it.effect("answers a BRIC that is not to be used; the original stays", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const stored = yield* bricOf(simulator, { ...byCard, ...good })
        const decoy = yield* bricOf(simulator, { ...byBric("CCE8", stored, "2"), EXP_DATE: "5006" })
        assert.strictEqual(yield* codeOf(simulator, { ...sale, TRAN_NBR: "3", ORIG_AUTH_GUID: decoy }), "25")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE8", decoy, "4")), "25")
        assert.strictEqual(yield* codeOf(simulator, { ...sale, TRAN_NBR: "5", ORIG_AUTH_GUID: stored }), "00")
      })
    )
  )

  it.effect("asks the network only about what the network knows", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const stored = yield* bricOf(simulator, { ...byCard, CVV2: "123" })
        const update = (tranNbr: string, form: Form) => ask(simulator, { ...byBric("CCE8", stored, tranNbr), ...form })
        const name = yield* update("2", { CITY: "Sampletown" })
        assert.deepStrictEqual([name.AUTH_RESP, name.AUTH_CODE], ["00", undefined])
        assert.strictEqual((yield* update("3", { EXP_DATE: "5006" })).AUTH_RESP, "05")
        assert.strictEqual((yield* update("4", { ZIP_CODE: "12345" })).AUTH_AVS, "Z")
        // The address is known since.
        assert.strictEqual((yield* update("5", { EXP_DATE: "5006" })).AUTH_RESP, "00")
      })
    )
  )

  it.effect("of a published BRIC changes nothing", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { visa } = simulator.brics
        const decoy = yield* bricOf(simulator, { ...byBric("CCE8", visa, "1"), ...good })
        assert.strictEqual(yield* codeOf(simulator, { ...sale, TRAN_NBR: "2", ORIG_AUTH_GUID: decoy }), "25")
        assert.strictEqual(yield* codeOf(simulator, { ...byBric("CCE8", visa, "3"), EXP_DATE: "5006" }), "05")
      })
    )
  )
})

describe("an account verification", () => {
  const form: Form = { ...sale, TRAN_TYPE: "CCE0", AMOUNT: "0.00" }

  it.effect("by BRIC approves, moves nothing and gives a BRIC to charge", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = yield* bricOf(simulator, form)
        assert.deepStrictEqual(yield* states(simulator), ["CCE0 done"])
        assert.deepStrictEqual(yield* money(simulator), [0, 0, 0])
        assert.strictEqual(yield* codeOf(simulator, { ...sale, ORIG_AUTH_GUID: bric }), "00")
      })
    )
  )

  it.effect("may be answered 85, or declined", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const asked = (TRAN_NBR: string, fault: string) =>
          ask(simulator, { ...form, TRAN_NBR, USER_DATA_10: `SIM_${fault}` })
        const approved = yield* asked("2", "APPROVE_85")
        assert.deepStrictEqual([approved.AUTH_RESP, approved.AUTH_RESP_TEXT], ["85", "NOT DECLINED"])
        const declined = yield* asked("3", "CODE_14")
        assert.deepStrictEqual([declined.AUTH_RESP, declined.AUTH_CODE], ["14", undefined])
        assert.deepStrictEqual(yield* states(simulator), ["CCE0 done", "CCE0 declined"])
      })
    )
  )

  it.effect("is for nothing but 0.00", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* codeOf(simulator, { ...form, AMOUNT: "1.00" }), "13")
        const { AMOUNT: _, ...without } = form
        assert.strictEqual(yield* codeOf(simulator, without), "13")
      })
    )
  )

  it.effect("of Amex has no result for the security code", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { amex: bric } = simulator.brics
        const answer = yield* ask(simulator, { ...form, ORIG_AUTH_GUID: bric, CVV2: "4321" })
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_CVV2], ["00", undefined])
      })
    )
  )
})
