import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { listedCodes } from "../../src/simulator/Codes.ts"
import { ask, type Form, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

const amex = { ORIG_AUTH_GUID: "09LTESTAMEX00000001" }

interface Row {
  readonly marker: string
  readonly form?: Form
  /** AUTH_RESP, NETWORK_RESPONSE and AUTH_AMOUNT. */
  readonly answer: readonly [string, string, string]
  readonly charged: number
  readonly hasAuthCode: boolean
}

const rows: ReadonlyArray<Row> = [
  { marker: "CODE_00", answer: ["00", "00", "12.00"], charged: 1200, hasAuthCode: true },
  { marker: "CODE_00", form: { AMOUNT: "1.05" }, answer: ["00", "00", "1.05"], charged: 105, hasAuthCode: true },
  { marker: "CODE_51", answer: ["51", "51", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "CODE_10", answer: ["10", "10", "6.00"], charged: 600, hasAuthCode: true },
  { marker: "CODE_11", answer: ["11", "11", "12.00"], charged: 1200, hasAuthCode: true },
  { marker: "CODE_E9", answer: ["E9", "E9", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "CODE_E9_CHARGED", answer: ["E9", "E9", "0.00"], charged: 1200, hasAuthCode: false },
  { marker: "APPROVE_85", answer: ["85", "85", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "UNKNOWN_CODE", answer: ["QQ", "QQ", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "UNKNOWN_CODE_CHARGED", answer: ["QQ", "QQ", "0.00"], charged: 1200, hasAuthCode: false },
  { marker: "SC_79", answer: ["SC", "79", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "SI_82", answer: ["SI", "82", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "SO_83", answer: ["SO", "83", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "PARTIAL", answer: ["10", "10", "6.00"], charged: 600, hasAuthCode: true },
  { marker: "FOLD_05", answer: ["05", "51", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "FOLD_05", form: { AMOUNT: "1.23" }, answer: ["05", "54", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "FOLD_05", form: amex, answer: ["05", "116", "0.00"], charged: 0, hasAuthCode: false },
  { marker: "AUTHCODE_ON_DECLINE", answer: ["05", "05", "0.00"], charged: 0, hasAuthCode: true },
  {
    marker: "AUTHCODE_ON_DECLINE",
    form: { AMOUNT: "1.20" },
    answer: ["51", "51", "0.00"],
    charged: 0,
    hasAuthCode: true
  }
]

describe("a forced decision", () => {
  it.effect.each(rows)("$marker $form", ({ marker, form, answer, charged, hasAuthCode }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ partial_approvals: true })
        const request: Form = { ...sale, ...form, USER_DATA_10: `SIM_${marker}` }
        const fields = yield* ask(simulator, request)
        const told: ReadonlyArray<string | undefined> = [fields.AUTH_RESP, fields.NETWORK_RESPONSE, fields.AUTH_AMOUNT]
        assert.deepStrictEqual(told, answer)
        assert.strictEqual("AUTH_CODE" in fields, hasAuthCode)
        assert.strictEqual("AUTH_TRAN_IDENT" in fields, ["00", "10", "11"].includes(answer[0]))
        assert.strictEqual((yield* simulator.ledger())[0]?.net, charged)
      })
    )
  )

  it.effect("CODE_ takes each listed code, which then answers with a text", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(listedCodes.length, 156)
        yield* simulator.patchProfile({ timeout_render: "TO" })
        for (const [index, code] of listedCodes.entries()) {
          const form = { ...sale, TRAN_NBR: `${index}`, USER_DATA_10: `SIM_CODE_${code}` }
          const { AUTH_RESP, AUTH_RESP_TEXT } = yield* ask(simulator, form)
          assert.strictEqual(AUTH_RESP, code)
          assert.notStrictEqual(AUTH_RESP_TEXT, "UNKNOWN")
        }
      })
    )
  )

  it.effect("PARTIAL is a decline where the profile has none", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { AUTH_RESP } = yield* ask(simulator, { ...sale, USER_DATA_10: "SIM_PARTIAL" })
        assert.strictEqual(AUTH_RESP, "05")
      })
    )
  )

  it.effect("RR_FIELD_ names the field, and nothing reaches the books", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const answer = yield* ask(simulator, { ...sale, USER_DATA_10: "SIM_RR_FIELD_INVOICE_NBR" })
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_RESP_TEXT], ["RR", "Invalid INVOICE_NBR[LEN]"])
        assert.deepStrictEqual(yield* simulator.transactions(), [])
      })
    )
  )

  it.effect("a scenario comes before the marker, and the marker before the trigger", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "CODE_41" })
        const form = { ...sale, AMOUNT: "1.20", USER_DATA_10: "SIM_CODE_43" }
        assert.strictEqual((yield* ask(simulator, form)).AUTH_RESP, "41")
        assert.strictEqual((yield* ask(simulator, form)).AUTH_RESP, "43")
        assert.strictEqual((yield* ask(simulator, { ...sale, AMOUNT: "1.20" })).AUTH_RESP, "51")
      })
    )
  )
})

describe("AVS and CVV", () => {
  interface Check {
    readonly card: string
    readonly cvv: string
    readonly form: Form
    readonly avs?: string
    readonly got?: string
  }

  const checks: ReadonlyArray<Check> = [
    { card: "4000000000000002", cvv: "123", form: { ADDRESS: "123 N CENTRAL", ZIP_CODE: "12345" }, avs: "Y", got: "M" },
    { card: "4000000000000002", cvv: "321", form: { ADDRESS: "123 N CENTRAL", ZIP_CODE: "54321" }, avs: "A", got: "N" },
    { card: "4000000000000002", cvv: "", form: { ADDRESS: "1234 N CENTRAL", ZIP_CODE: "12345" }, avs: "Z" },
    { card: "4000000000000002", cvv: "", form: { ZIP_CODE: "123456789" }, avs: "Z" },
    { card: "4000000000000002", cvv: "", form: { ADDRESS: "9 ROAD" }, avs: "N" },
    { card: "4000000000000002", cvv: "", form: {} },
    { card: "5000000000000009", cvv: "123", form: { ADDRESS: "123 X", ZIP_CODE: "123456789" }, avs: "X", got: "M" },
    { card: "6011499300000005", cvv: "123", form: { ADDRESS: "9 X", ZIP_CODE: "123456789" }, avs: "W", got: "M" },
    { card: "340000000000009", cvv: "1234", form: { ADDRESS: "123 X", ZIP_CODE: "123456789" }, avs: "Y", got: "Y" },
    { card: "340000000000009", cvv: "123", form: {}, got: "N" }
  ]
  const texts: Form = {
    Y: "EXACT MATCH",
    X: "EXACT MATCH",
    Z: "ZIP MATCH",
    W: "ZIP MATCH",
    A: "ADDRESS MATCH",
    N: "NO MATCH"
  }

  it.effect.each(checks)("$card $form $cvv", ({ card, cvv, form, avs, got }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { ORIG_AUTH_GUID: _, ...rest } = sale
        const request = { ...rest, ...form, CARD_ENT_METH: "E", ACCOUNT_NBR: card, EXP_DATE: "4912", CVV2: cvv }
        const answer = yield* ask(simulator, request)
        assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_AVS, answer.AUTH_CVV2], ["00", avs, got])
        assert.strictEqual(answer.AUTH_RESP_TEXT, avs === undefined ? `APPROVAL ${answer.AUTH_CODE}` : texts[avs])
      })
    )
  )
})
