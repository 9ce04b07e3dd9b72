import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sign } from "../../src/simulator/lookups/Signature.ts"
import { ask, type Form, keyText, post, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric, codeOf } from "./support/Lifecycle.ts"
import { fetchLookUp, type LookUpOptions, listed, lookUp, signatureOf } from "./support/LookUp.ts"

const close: Form = { ...byBric("CCEZ", undefined, "0"), BATCH_ID: "0" }

describe("the signature", () => {
  it("is that of EPX's sample", () => {
    const body =
      '{"amount":25.00,"account":"4000000000000002","expirationDate":"4912","batchID":20260314,"transaction":3001,"industryType":"E","cardEntryMethod":"E","cvv2":"123","address":{"firstName":"Alex","lastName":"Sample","address":"123 Example Street","state":"DE","zipCode":"12345"}}'
    const epiKey = "demo-epi-key-not-real"
    assert.strictEqual(sign(epiKey, `/sale${body}`), "b617c79d9ca3b3330af31af7d239770e08192cc54f36ad3f8d9958e62a2f5e45")
    assert.strictEqual(
      sign(epiKey, "/sale/00DTESTSALE00000001"),
      "f69a9822f99d567d1099d3c648f340672437c7facb9e7b2003d4b55aa99ab99d"
    )
  })

  const wrong: ReadonlyArray<{ readonly name: string; readonly options: LookUpOptions }> = [
    { name: "another key", options: { epiKey: "another" } },
    { name: "another path", options: { signed: "/sale" } },
    { name: "the prefix in the path", options: { signed: "/custompay/ping" } },
    { name: "no signature", options: { signature: "" } },
    { name: "a malformed EPI-Id", options: { id: "7000-700010" } },
    {
      name: "upper case",
      options: { signature: signatureOf("SIMULATORTESTEPIKEY0000000001", "/ping").toUpperCase() }
    }
  ]

  it.effect.each(wrong)("with $name is refused with 401", ({ options }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* lookUp(simulator, "/ping")).status, 200)
        const { status, body } = yield* lookUp(simulator, "/ping", options)
        assert.deepStrictEqual([status, body.data, body.errors.length, body.errors[0].code], [401, null, 1, 0])
        assert.match(body.reference.bric, /^00D[0-9A-Z]{16}$/)
      })
    )
  )

  it.effect("covers the query string where the profile says so", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const path = "/sale?detail=dba"
        const status = (options: LookUpOptions) => Effect.map(lookUp(simulator, path, options), (reply) => reply.status)
        assert.deepStrictEqual([yield* status({}), yield* status({ signed: path })], [200, 401])
        yield* simulator.patchProfile({ epi_signs_query: true })
        assert.deepStrictEqual([yield* status({}), yield* status({ signed: path })], [401, 200])
      })
    )
  )

  it.effect("is made with the key of the profile, which the control plane does not show", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ epi_key: "OTHERKEY" }, keyText)
        assert.strictEqual((yield* lookUp(simulator, "/ping")).status, 401)
        assert.strictEqual((yield* lookUp(simulator, "/ping", { epiKey: "OTHERKEY" })).status, 200)
        assert.strictEqual((yield* lookUp(simulator, "/ping", { id: "7000-700010-1-2" })).status, 200)
        const shown = yield* Effect.promise(() =>
          fetch(new URL(`/__sim/profile?key=${keyText}`, simulator.controlUrl)).then((reply) => reply.text())
        )
        assert.notInclude(shown, "OTHERKEY")
      })
    )
  )
})

describe("a look-up by BRIC", () => {
  it.effect("shows a sale as EPX's sample does, before and after its batch has closed", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const form = { ...sale, TRAN_NBR: "3001", AMOUNT: "25.00", USER_DATA_1: "pay_0032" }
        const { AUTH_GUID, AUTH_CODE } = yield* ask(simulator, form)
        const { status, body } = yield* lookUp(simulator, `/sale/${AUTH_GUID}`)
        assert.strictEqual(status, 200)
        const expected = `{"authamount":"25.00","authorization":"${AUTH_CODE}","authtrandategmt":"14-Mar-2026","batchid":"20260314","closeddate":"","epxid/customer":"7000","epxid/dba":"1","epxid/merchant":"700010","epxid/terminal":"1","invoicenumber":"","markedtosettle":"N","ordernumber":"","response":"00","system/trantype":"CCE1","tipamount":"0.00","transaction":"3001","userdata/1":"pay_0032","void":"N"}`
        assert.strictEqual(JSON.stringify(body.data), expected)
        assert.strictEqual(body.errors, null)
        assert.strictEqual(body.reference.timestamp, "2026-03-14T18:30:05Z")
        yield* codeOf(simulator, close)
        const { body: later } = yield* lookUp(simulator, `/sale/${AUTH_GUID}`)
        assert.deepStrictEqual([later.data.markedtosettle, later.data.closeddate], ["Y", "14-Mar-2026"])
      })
    )
  )

  it.effect("finds captures among the sales and refunds by themselves", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "40.00"))
        const refunded = yield* bricOf(simulator, byBric("CCE9", captured, "3", "5.00"))
        const voided = yield* bricOf(simulator, byBric("CCEX", refunded, "4"))
        const seen = (path: string) =>
          Effect.map(lookUp(simulator, path), ({ status, body }) =>
            status === 200 ? [body.data["system/trantype"], body.data.authamount, body.data.void] : status
          )
        assert.deepStrictEqual(yield* seen(`/sale/${held}`), ["CCE2", "50.00", "N"])
        assert.deepStrictEqual(yield* seen(`/sale/${captured}`), ["CCE4", "40.00", "N"])
        assert.deepStrictEqual(yield* seen(`/refund/${refunded}`), ["CCE9", "5.00", "Y"])
        assert.strictEqual(yield* seen(`/sale/${refunded}`), 404)
        assert.strictEqual(yield* seen(`/refund/${captured}`), 404)
        assert.strictEqual(yield* seen(`/sale/${voided}`), 404)
        assert.strictEqual(yield* seen("/sale/09LUNKNOWN000000001"), 404)
        const elsewhere = yield* lookUp(simulator, `/sale/${captured}`, { id: "7000-700011-1-1" })
        assert.strictEqual(elsewhere.status, 404)
      })
    )
  )

  it.effect("shows a decline with its code", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { AUTH_GUID } = yield* ask(simulator, { ...sale, AMOUNT: "1.20" })
        const { body } = yield* lookUp(simulator, `/sale/${AUTH_GUID}`)
        assert.deepStrictEqual([body.data.response, body.data.authamount, body.data.void], ["51", "0.00", "N"])
      })
    )
  )
})

describe("the list", () => {
  it.effect("gives back the BRIC of a sale whose answer was lost", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, { ...sale, TRAN_NBR: "1" })
        yield* post(simulator, { ...sale, USER_DATA_10: "SIM_RESET_AFTER" })
        assert.strictEqual((yield* simulator.indefinite("0 seconds")).length, 1)
        const rows = yield* listed(simulator)
        const [row] = rows.filter(({ batchid, transaction }) => `${batchid}/${transaction}` === "20260314/1001")
        assert.deepStrictEqual(Object.keys(row ?? {}), [
          "authamount",
          "authbric",
          "authtrandategmt",
          "batchid",
          "epxid/customer",
          "epxid/dba",
          "epxid/merchant",
          "epxid/terminal",
          "system/trantype",
          "transaction",
          "void"
        ])
        assert.deepStrictEqual(yield* simulator.indefinite("0 seconds"), [])
        assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", row?.authbric, "2")), "00")
        const [, again] = yield* listed(simulator)
        assert.deepStrictEqual([again?.authbric, again?.void], [row?.authbric, "Y"])
      })
    )
  )

  it.effect("holds sales, authorizations, captures, refunds and, if the profile likes, declines", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "40.00"))
        yield* bricOf(simulator, byBric("CCE9", captured, "3", "5.00"))
        yield* codeOf(simulator, { ...sale, TRAN_NBR: "4", AMOUNT: "1.05" })
        const sold = yield* bricOf(simulator, { ...sale, TRAN_NBR: "5" })
        yield* bricOf(simulator, byBric("CCE7", sold, "6", "7.00"))
        const rows = () =>
          Effect.map(listed(simulator), (all) => all.map((row) => [row["system/trantype"], row.authamount]))
        const all = [
          ["CCE2", "50.00"],
          ["CCE4", "40.00"],
          ["CCE9", "5.00"],
          ["CCE1", "0.00"],
          ["CCE1", "7.00"]
        ]
        assert.deepStrictEqual(yield* rows(), all)
        yield* simulator.patchProfile({ listing_includes_declines: false })
        assert.deepStrictEqual(
          yield* rows(),
          all.filter(([, amount]) => amount !== "0.00")
        )
      })
    )
  )

  it.effect("is of the terminal, or of its DBA", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, { ...sale, TERMINAL_NBR: "2", TRAN_NBR: "2" })
        yield* ask(simulator, { ...sale, DBA_NBR: "2", TRAN_NBR: "3" })
        const numbers = (path: string) =>
          Effect.map(listed(simulator, path), (rows) => rows.map(({ transaction }) => transaction))
        assert.deepStrictEqual(yield* numbers("/sale"), ["1001"])
        assert.deepStrictEqual(yield* numbers("/sale?detail=dba"), ["1001", "2"])
        assert.strictEqual((yield* lookUp(simulator, "/sale?transaction=1001")).status, 400)
        assert.strictEqual((yield* lookUp(simulator, "/sale?detail=all")).status, 400)
      })
    )
  )

  it.effect("may lag behind the books", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ listing_lag_seconds: 30 })
        const bric = yield* bricOf(simulator, sale)
        assert.deepStrictEqual(yield* listed(simulator), [])
        assert.strictEqual((yield* lookUp(simulator, `/sale/${bric}`)).status, 200)
        yield* simulator.clock.advance("30 seconds")
        assert.strictEqual((yield* listed(simulator)).length, 1)
      })
    )
  )
})

describe("a batch", () => {
  it.effect("has its rows and sums", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        yield* bricOf(simulator, byBric("CCE9", sold, "2", "5.00"))
        yield* ask(simulator, { ...sale, BATCH_ID: "20260315" })
        const { body } = yield* lookUp(simulator, "/batch/20260314")
        const { rows, ...sums } = body.data
        assert.strictEqual(rows.length, 2)
        assert.deepStrictEqual(sums, {
          batchid: "20260314",
          closeddate: "",
          refundamount: "5.00",
          refundcount: "1",
          rowCount: "2",
          saleamount: "12.00",
          salecount: "1"
        })
        yield* codeOf(simulator, close)
        assert.strictEqual((yield* lookUp(simulator, "/batch/20260314")).body.data.closeddate, "14-Mar-2026")
        assert.strictEqual((yield* lookUp(simulator, "/batch/1")).status, 404)
      })
    )
  )
})

describe("what does not exist", () => {
  it.effect.each([
    { path: "/", method: "GET", status: 404 },
    { path: "/refund", method: "GET", status: 404 },
    { path: "/sale/1/2", method: "GET", status: 404 },
    { path: "/ping", method: "POST", status: 405 }
  ])("$method $path is $status", ({ path, method, status }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const reply = yield* lookUp(simulator, path, { method })
        assert.deepStrictEqual([reply.status, reply.body.errors.length], [status, 1])
      })
    )
  )
})

describe("faults of look-ups", () => {
  const scenario = (effect: string) => ({ match: { TRAN_TYPE: "LOOKUP" }, effect })

  it.effect("leave the list empty or incomplete, once each", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, { ...sale, TRAN_NBR: "2" })
        yield* simulator.scenarios.add(scenario("EMPTY_LIST"))
        yield* simulator.scenarios.add(scenario("LAST_ROW_MISSING"))
        const counts = yield* Effect.forEach([1, 2, 3], () => Effect.map(listed(simulator), ({ length }) => length))
        assert.deepStrictEqual(counts, [0, 1, 2])
      })
    )
  )

  it.effect("are pages, and answers cut short or labelled wrongly", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const status = (effect: string) =>
          Effect.andThen(
            simulator.scenarios.add(scenario(effect)),
            Effect.map(fetchLookUp(simulator, "/sale"), (reply) => [reply.status, reply.text])
          )
        assert.deepStrictEqual(yield* status("HTTP_500"), [500, "internal error"])
        assert.strictEqual((yield* status("HTML_502"))[0], 502)
        const [code, text] = yield* status("TRUNCATED")
        assert.strictEqual(code, 200)
        assert.match(`${text}`, /^\{"data"/)
        assert.notMatch(`${text}`, /\}$/)
        assert.deepStrictEqual((yield* status("EMPTY_200"))[1], "")
        assert.strictEqual((yield* status("WRONG_CTYPE"))[0], 200)
        assert.strictEqual((yield* status("GZIP"))[0], 200)
      })
    )
  )

  it.effect("are connections that end without an answer", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add(scenario("RESET_BEFORE"))
        const isLost = yield* Effect.promise(() =>
          fetch(`${simulator.customPayUrl.href}/ping`).then(
            () => false,
            () => true
          )
        )
        // Without an EPI-Id there is no key, but the scenario is for any.
        assert.isTrue(isLost)
        assert.strictEqual((yield* lookUp(simulator, "/ping")).status, 200)
      })
    )
  )

  it.live("are slow answers", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add(scenario("SLOW_150"))
        assert.strictEqual((yield* lookUp(simulator, "/sale")).status, 200)
        const [logged] = yield* simulator.requests({ fields: { TRAN_TYPE: "LOOKUP" } })
        assert.isAtLeast(logged?.durationMs ?? 0, 140)
      })
    )
  )

  it.effect("have to name look-ups, and can name one kind of them", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const bric = yield* bricOf(simulator, sale)
        yield* simulator.scenarios.add({ effect: "HTTP_500" })
        assert.strictEqual((yield* lookUp(simulator, "/sale")).status, 200)
        yield* simulator.scenarios.clear()
        yield* simulator.scenarios.add({
          match: { TRAN_TYPE: "LOOKUP", TRAN_CODE: "sale", ORIG_AUTH_GUID: null },
          effect: "HTTP_500"
        })
        assert.strictEqual((yield* lookUp(simulator, "/ping")).status, 200)
        assert.strictEqual((yield* lookUp(simulator, `/sale/${bric}`)).status, 200)
        assert.strictEqual((yield* fetchLookUp(simulator, "/sale")).status, 500)
      })
    )
  )

  it.effect("that nobody can read leave a lost sale untold", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* post(simulator, { ...sale, USER_DATA_10: "SIM_RESET_AFTER" })
        yield* simulator.scenarios.add(scenario("HTTP_500"))
        yield* fetchLookUp(simulator, "/sale")
        assert.strictEqual((yield* simulator.indefinite("0 seconds")).length, 1)
      })
    )
  )
})
