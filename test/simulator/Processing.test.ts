import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ProfilePatch } from "../../src/simulator/Profile.ts"
import { ask, type Form, keyText, post, sale, timeoutReversal } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

const omit = (form: Form, ...fields: ReadonlyArray<string>): Form =>
  Object.fromEntries(Object.entries(form).filter(([field]) => !fields.includes(field)))

const byCard: Form = {
  ...omit(sale, "ORIG_AUTH_GUID"),
  CARD_ENT_METH: "E",
  ACCOUNT_NBR: "4000000000000002",
  EXP_DATE: "4912",
  CVV2: "123"
}

interface Refused {
  readonly name: string
  readonly form: Form
  readonly code: string
  readonly text?: string
  readonly profile?: ProfilePatch
}

// In the order in which EPX is simulated to look: each request has its own fault and all those that come later.
const refusals: ReadonlyArray<Refused> = [
  { name: "a four-part key with a missing part", form: omit(sale, "DBA_NBR"), code: "E7" },
  { name: "a malformed four-part key", form: { ...sale, CUST_NBR: "70-00" }, code: "E7" },
  { name: "an unknown key", form: sale, code: "E7", profile: { known: false } },
  { name: "a missing MAC", form: { ...sale, TRAN_TYPE: "XXXX" }, code: "E7", profile: { mac: "S3CRET" } },
  { name: "an unknown type", form: { ...sale, TRAN_TYPE: "ACE1", BATCH_ID: "12345678901" }, code: "12" },
  { name: "no type", form: omit(sale, "TRAN_TYPE"), code: "12" },
  { name: "a type of EPX's that is not served", form: { ...sale, TRAN_TYPE: "CCEN" }, code: "58" },
  { name: "a disabled type", form: sale, code: "58", profile: { disabled_types: ["CCE1"] } },
  {
    name: "a TRAN_NBR of eleven digits",
    form: { ...sale, TRAN_NBR: "12345678901", AMOUNT: "12" },
    code: "RR",
    text: "Invalid TRAN_NBR[LEN]"
  },
  {
    name: "a BRIC of the wrong length",
    form: { ...sale, ORIG_AUTH_GUID: "09LTESTVISA0000001" },
    code: "RR",
    text: "Invalid AUTH_GUID[LEN]"
  },
  { name: "a name that is too long", form: { ...sale, LAST_NAME: "x".repeat(26) }, code: "RR" },
  { name: "no TRAN_NBR", form: omit(sale, "TRAN_NBR"), code: "RR", text: "Invalid TRAN_NBR[LEN]" },
  {
    name: "no BATCH_ID where the profile wants one",
    form: omit(sale, "BATCH_ID"),
    code: "RR",
    text: "Invalid BATCH_ID[LEN]",
    profile: { batch_id_required: true }
  },
  { name: "an amount without decimals", form: { ...sale, AMOUNT: "12" }, code: "EW" },
  { name: "an industry type of letter R", form: { ...sale, INDUSTRY_TYPE: "R" }, code: "EW" },
  { name: "letters in TRAN_NBR", form: { ...sale, TRAN_NBR: "10a1" }, code: "EW" },
  { name: "no amount", form: omit(sale, "AMOUNT", "CARD_ENT_METH"), code: "13" },
  { name: "an amount of zero", form: { ...sale, AMOUNT: "0.00" }, code: "13" },
  { name: "no entry method", form: omit(sale, "CARD_ENT_METH"), code: "EH" },
  { name: "a BRIC with the entry method of a card", form: { ...sale, CARD_ENT_METH: "E" }, code: "EH" },
  { name: "a card with the entry method of a BRIC", form: { ...byCard, CARD_ENT_METH: "Z" }, code: "EH" },
  { name: "neither card nor BRIC", form: omit(byCard, "ACCOUNT_NBR"), code: "EH" },
  { name: "no expiry", form: omit(byCard, "EXP_DATE"), code: "RR", text: "Invalid EXP_DATE[LEN]" },
  { name: "a wrong check digit", form: { ...byCard, ACCOUNT_NBR: "4000000000000003", EXP_DATE: "2001" }, code: "EB" },
  { name: "a Visa number of 15 digits", form: { ...byCard, ACCOUNT_NBR: "400000000000006" }, code: "EA" },
  { name: "a number that no issuer has", form: { ...byCard, ACCOUNT_NBR: "1000000000000008" }, code: "15" },
  { name: "an expiry in the past", form: { ...byCard, EXP_DATE: "2602" }, code: "54" },
  { name: "an expiry in the past with a BRIC", form: { ...sale, EXP_DATE: "2602" }, code: "54" },
  { name: "no address where AVS is required", form: byCard, code: "E2", profile: { avs_required: true } },
  { name: "no CVV2 where it is required", form: omit(byCard, "CVV2"), code: "E3", profile: { cvv_required: true } },
  { name: "a BRIC that nobody made", form: { ...sale, ORIG_AUTH_GUID: "09LUNKNOWN000000001" }, code: "25" },
  {
    name: "a marker that names nothing",
    form: { ...sale, USER_DATA_10: "SIM_TIMOUT" },
    code: "RR",
    text: "Invalid USER_DATA_10[SIM]"
  }
]

describe("a request that is refused", () => {
  it.effect.each(refusals)("$name: $code", ({ form, code, text, profile }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        if (profile !== undefined) yield* simulator.patchProfile(profile, keyText)
        const answer = yield* ask(simulator, form)
        assert.strictEqual(answer.AUTH_RESP, code)
        if (text !== undefined) assert.strictEqual(answer.AUTH_RESP_TEXT, text)
        assert.isUndefined(answer.AUTH_GUID)
        assert.strictEqual("NETWORK_RESPONSE" in answer, !["E7", "RR", "EW", "EH"].includes(code))
        assert.deepStrictEqual(yield* simulator.transactions(), [])
      })
    )
  )

  it.effect("is accepted with a card that ends this month", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* ask(simulator, { ...byCard, EXP_DATE: "2603" })).AUTH_RESP, "00")
      })
    )
  )

  it.effect("is accepted once its profile's demand is met", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ mac: "S3CRET", cvv_required: true, avs_required: true })
        const form = { ...sale, MAC: "S3CRET", ACI_EXT: "RB", ZIP_CODE: "12345" }
        assert.strictEqual((yield* ask(simulator, form)).AUTH_RESP, "00")
      })
    )
  )

  it.effect("shows all its fields, and a BRIC, when switched so", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ fields_on_rr: "full", auth_guid_on_rr: true })
        const answer = yield* ask(simulator, { ...sale, AMOUNT: "12" })
        assert.deepStrictEqual([answer.AUTH_RESP, answer.NETWORK_RESPONSE, answer.AUTH_AMOUNT], ["EW", "EW", "0.00"])
        assert.match(answer.AUTH_GUID ?? "", /^09L[0-9A-Z]{16}$/)
      })
    )
  )

  it.effect("is 404 or 405 off the one route", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const status = (method: string, path: string) =>
          Effect.promise(() => fetch(new URL(path, simulator.url), { method }).then((response) => response.status))
        assert.strictEqual(yield* status("GET", "/"), 405)
        assert.strictEqual(yield* status("POST", "/browserpost"), 404)
      })
    )
  )
})

describe("a pair used again", () => {
  const rows = [
    { mode: "per_type", sameType: "RR", otherType: "00" },
    { mode: "strict", sameType: "RR", otherType: "RR" },
    { mode: "94", sameType: "94", otherType: "94" },
    { mode: "off", sameType: "00", otherType: "00" }
  ] as const

  it.effect.each(rows)("in mode $mode", ({ mode, sameType, otherType }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ dup_mode: mode }, keyText)
        yield* ask(simulator, sale)
        const same = yield* ask(simulator, sale)
        const other = yield* ask(simulator, { ...sale, TRAN_TYPE: "CCE2" })
        assert.deepStrictEqual([same.AUTH_RESP, other.AUTH_RESP], [sameType, otherType])
        if (sameType === "RR") assert.strictEqual(same.AUTH_RESP_TEXT, "Duplicate BATCH_ID/TRAN_NBR")
        const approved = 1 + [sameType, otherType].filter((code) => code === "00").length
        assert.strictEqual((yield* simulator.ledger())[0]?.approved, approved)
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "00")
      })
    )
  )

  it.effect("is no matter to a forced code", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* simulator.scenarios.add({ effect: "CODE_51", times: 2 })
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "51")
        assert.strictEqual((yield* ask(simulator, { ...sale, AMOUNT: "12" })).AUTH_RESP, "EW")
      })
    )
  )

  it.effect("is free again after a decline, and under another merchant", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* ask(simulator, { ...sale, AMOUNT: "1.05" })).AUTH_RESP, "05")
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "00")
        assert.strictEqual((yield* ask(simulator, { ...sale, MERCH_NBR: "700011" })).AUTH_RESP, "00")
        assert.strictEqual((yield* ask(simulator, { ...sale, TERMINAL_NBR: "2" })).AUTH_RESP, "RR")
      })
    )
  )
})

describe("a BRIC", () => {
  it.effect("made by a transaction works for later ones of the same merchant", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const first = yield* ask(simulator, byCard)
        const again = { ...sale, ORIG_AUTH_GUID: first.AUTH_GUID ?? "", TRAN_NBR: "2" }
        const second = yield* ask(simulator, again)
        assert.strictEqual(second.AUTH_RESP, "00")
        assert.strictEqual(second.AUTH_PAR, first.AUTH_PAR)
        assert.strictEqual((yield* ask(simulator, { ...again, MERCH_NBR: "700011" })).AUTH_RESP, "25")
      })
    )
  )

  it.effect("made by a transaction lives 13 months, or as long as COF_PERIOD says", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = (tranNbr: string, form: Form) =>
          Effect.map(ask(simulator, { ...byCard, ...form, TRAN_NBR: tranNbr }), ({ AUTH_GUID = "" }) => AUTH_GUID)
        const code = (tranNbr: string, ORIG_AUTH_GUID: string) =>
          Effect.map(ask(simulator, { ...sale, TRAN_NBR: tranNbr, ORIG_AUTH_GUID }), ({ AUTH_RESP }) => AUTH_RESP)
        const never = yield* bric("1", { COF_PERIOD: "0" })
        const short = yield* bric("2", { COF_PERIOD: "1" })
        const plain = yield* bric("3", {})
        assert.strictEqual(yield* code("4", never), "12")
        assert.strictEqual(yield* code("5", short), "00")
        yield* simulator.clock.advance("32 days")
        assert.strictEqual(yield* code("6", short), "25")
        assert.strictEqual(yield* code("7", plain), "00")
        yield* simulator.clock.advance("400 days")
        assert.strictEqual(yield* code("8", plain), "25")
        assert.strictEqual(yield* code("9", simulator.brics.visa), "00")
      })
    )
  )

  it.effect("that is published approves under any four-part key and for both types", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const brands = Object.entries(simulator.brics)
        assert.deepStrictEqual(
          brands.map(([brand]) => brand),
          ["visa", "mastercard", "discover", "amex"]
        )
        for (const [index, [brand, bric]] of brands.entries()) {
          assert.match(bric, /^[0-9A-Z]{19}$/)
          const form = { ...sale, ORIG_AUTH_GUID: bric, CUST_NBR: `9${index}`, MERCH_NBR: `8${index}` }
          const letter = { visa: "V", mastercard: "M", discover: "R", amex: "S" }[brand]
          for (const TRAN_TYPE of ["CCE1", "CCE2"]) {
            const answer = yield* ask(simulator, { ...form, TRAN_TYPE })
            assert.deepStrictEqual([answer.AUTH_RESP, answer.AUTH_CARD_TYPE], ["00", letter])
          }
        }
      })
    )
  )
})

describe("the profile", () => {
  it.effect("chooses the response version", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const shown = (version: 10 | 8 | 7, tranNbr: string) =>
          Effect.gen(function* () {
            yield* simulator.patchProfile({ response_version: version })
            const answer = yield* ask(simulator, { ...sale, TRAN_NBR: tranNbr })
            return ["ORIG_TRAN_TYPE" in answer, "AUTH_PAR" in answer]
          })
        assert.deepStrictEqual(yield* shown(10, "1"), [true, true])
        assert.deepStrictEqual(yield* shown(8, "2"), [true, false])
        assert.deepStrictEqual(yield* shown(7, "3"), [false, false])
      })
    )
  )

  it.effect("chooses the time zone, the connection header and whether a decline has a BRIC", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ local_time_zone: "America/Phoenix", auth_guid_on_decline: false })
        const answer = yield* ask(simulator, { ...sale, AMOUNT: "1.05" })
        assert.deepStrictEqual([answer.LOCAL_TIME, answer.AUTH_GUID], ["113005", undefined])
        yield* simulator.patchProfile({ connection_close: false })
        const response = yield* Effect.promise(() =>
          fetch(simulator.url, { method: "POST", body: new URLSearchParams(sale) })
        )
        assert.strictEqual(response.headers.get("connection"), "keep-alive")
      })
    )
  )

  it.effect("of one key leaves the others alone", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ known: false }, keyText)
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "E7")
        assert.strictEqual((yield* ask(simulator, { ...sale, TERMINAL_NBR: "2" })).AUTH_RESP, "00")
        yield* simulator.patchProfile({ known: true, verbose_allowed: false })
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "E7")
      })
    )
  )

  it.effect("allows the verbose echo, which never holds card data", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const form = { ...byCard, VERBOSE_RESPONSE: "Y", INVOICE_NBR: "INV & <1>" }
        const { body } = yield* post(simulator, form)
        assert.include(body.toString("utf8"), '<FIELD KEY="INVOICE_NBR">INV &amp; &lt;1&gt;</FIELD>')
        assert.notInclude(body.toString("utf8"), "4000000000000002")
        yield* simulator.patchProfile({ verbose_allowed: false })
        assert.notProperty(yield* ask(simulator, { ...form, TRAN_NBR: "2" }), "INVOICE_NBR")
      })
    )
  )
})
