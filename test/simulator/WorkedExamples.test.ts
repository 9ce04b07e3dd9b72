import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, entriesOf, type Form, key, post } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

// The documents of the EPX samples that the simulator follows, field by field and in order. `*` stands for a value that
// the simulator generates.
const header = (type: string, tranNbr: string, batchId = "20260314") =>
  `MSG_VERSION=003 CUST_NBR=7000 MERCH_NBR=700010 DBA_NBR=1 TERMINAL_NBR=1 TRAN_TYPE=${type} BATCH_ID=${batchId} TRAN_NBR=${tranNbr} LOCAL_DATE=031426 LOCAL_TIME=143005`

const at = "AUTH_TRAN_DATE_GMT=03/14/2026_06:30:05_PM"

const visa =
  "AUTH_CARD_COUNTRY_CODE=840 AUTH_CARD_CURRENCY_CODE=840 AUTH_CARD_B=D AUTH_CARD_C=F AUTH_CARD_E=N AUTH_CARD_F=Y AUTH_CARD_G=N AUTH_CARD_I=Y AUTH_MASKED_ACCOUNT_NBR=************0002 AUTH_CARD_L=P"

const mastercard =
  "AUTH_CARD_COUNTRY_CODE=840 AUTH_CARD_CURRENCY_CODE=840 AUTH_CARD_B=MCC AUTH_CARD_C=MCS AUTH_CARD_E=N AUTH_CARD_F=Y AUTH_CARD_G=N AUTH_CARD_I=Y AUTH_MASKED_ACCOUNT_NBR=************0009 AUTH_CARD_L=C"

const amounts = (requested: string, approved: string, network: string) =>
  `AUTH_AMOUNT_REQUESTED=${requested} AUTH_AMOUNT=${approved} AUTH_CURRENCY_CODE=840 NETWORK_RESPONSE=${network}`

const common: Form = { ...key, BATCH_ID: "20260314", CARD_ENT_METH: "E", INDUSTRY_TYPE: "E" }
const visaCard: Form = { ACCOUNT_NBR: "4000000000000002", EXP_DATE: "4912", CVV2: "123" }
const goodAddress: Form = { ADDRESS: "123 Example Street", ZIP_CODE: "12345" }

const expectDocument = (xml: string, expected: string) => {
  const wanted = expected.split(" ").map((pair) => {
    const at = pair.indexOf("=")
    return [pair.slice(0, at), pair.slice(at + 1).replaceAll("_", " ")] as const
  })
  const got = entriesOf(xml).map(([name, value], index) => {
    const isGenerated = wanted[index]?.[1].includes("*") === true && !value.startsWith("*")
    const [before = "", after = ""] = wanted[index]?.[1].split("*") ?? []
    return [
      name,
      isGenerated && value.startsWith(before) && value.endsWith(after) ? `${before}*${after}` : value
    ] as const
  })
  assert.deepStrictEqual(got, wanted)
}

interface Example {
  readonly name: string
  readonly form: Form
  readonly expected: string
  readonly profile?: { readonly partial_approvals: boolean }
}

const examples: ReadonlyArray<Example> = [
  {
    name: "a sale with card data, approved",
    form: {
      ...common,
      ...visaCard,
      ...goodAddress,
      TRAN_TYPE: "CCE1",
      AMOUNT: "25.00",
      TRAN_NBR: "1001",
      FIRST_NAME: "Alex",
      LAST_NAME: "Sample",
      CITY: "Sampletown",
      STATE: "DE",
      INVOICE_NBR: "INV-1001",
      USER_DATA_1: "pay_0001",
      USER_DATA_2: "att_0001"
    },
    expected: `${header("CCE1", "1001")} AUTH_GUID=* AUTH_RESP=00 AUTH_CODE=* AUTH_AVS=Y AUTH_CVV2=M AUTH_RESP_TEXT=EXACT_MATCH AUTH_CARD_TYPE=V ${at} ${amounts("25.00", "25.00", "00")} ${visa} ORIG_TRAN_TYPE=CCE1 AUTH_TRAN_IDENT=* AUTH_PAR=V*`
  },
  {
    name: "a sale by BRIC, merchant-initiated",
    form: {
      ...common,
      TRAN_TYPE: "CCE1",
      AMOUNT: "12.00",
      TRAN_NBR: "1002",
      ORIG_AUTH_GUID: "09LTESTVISA00000001",
      CARD_ENT_METH: "Z",
      ACI_EXT: "RB",
      USER_DATA_1: "pay_0002"
    },
    expected: `${header("CCE1", "1002")} AUTH_GUID=* AUTH_RESP=00 AUTH_CODE=* AUTH_RESP_TEXT=APPROVAL_* AUTH_CARD_TYPE=V ${at} ${amounts("12.00", "12.00", "00")} ${visa} ORIG_TRAN_TYPE=CCE1 AUTH_TRAN_IDENT=* AUTH_PAR=V*`
  },
  {
    name: "an authorization with another street",
    form: {
      ...common,
      ...visaCard,
      TRAN_TYPE: "CCE2",
      AMOUNT: "50.00",
      TRAN_NBR: "1003",
      ADDRESS: "9 Other Road",
      ZIP_CODE: "12345"
    },
    expected: `${header("CCE2", "1003")} AUTH_GUID=* AUTH_RESP=00 AUTH_CODE=* AUTH_AVS=Z AUTH_CVV2=M AUTH_RESP_TEXT=ZIP_MATCH AUTH_CARD_TYPE=V ${at} ${amounts("50.00", "50.00", "00")} ${visa} ORIG_TRAN_TYPE=CCE2 AUTH_TRAN_IDENT=* AUTH_PAR=V*`
  },
  {
    name: "a timeout reversal of what never arrived",
    form: { ...key, TRAN_TYPE: "CCE7", BATCH_ID: "20260314", TRAN_NBR: "1011" },
    expected: `${header("CCE7", "1011")} AUTH_RESP=25 AUTH_RESP_TEXT=UNABLE_TO_LOCATE ${at} ${amounts("0.00", "0.00", "25")} ORIG_TRAN_TYPE=CCE7`
  },
  {
    name: "card storage, approved",
    form: {
      ...common,
      ...visaCard,
      ...goodAddress,
      TRAN_TYPE: "CCE8",
      TRAN_NBR: "1012",
      FIRST_NAME: "Alex",
      LAST_NAME: "Sample",
      CITY: "Sampletown",
      STATE: "DE"
    },
    expected: `${header("CCE8", "1012")} AUTH_GUID=* AUTH_RESP=00 AUTH_CODE=* AUTH_AVS=Y AUTH_CVV2=M AUTH_RESP_TEXT=APPROVAL_* AUTH_CARD_TYPE=V ${at} ${amounts("0.00", "0.00", "00")} ${visa} ORIG_TRAN_TYPE=CCE8 AUTH_TRAN_IDENT=* AUTH_PAR=V*`
  },
  {
    name: "card storage, declined for the security code",
    form: { ...common, ...visaCard, TRAN_TYPE: "CCE8", TRAN_NBR: "1013", CVV2: "321", ZIP_CODE: "54321" },
    expected: `${header("CCE8", "1013")} AUTH_GUID=* AUTH_RESP=05 AUTH_AVS=N AUTH_CVV2=N AUTH_RESP_TEXT=DECLINE AUTH_CARD_TYPE=V ${at} ${amounts("0.00", "0.00", "05")} ${visa} ORIG_TRAN_TYPE=CCE8`
  },
  {
    name: "an account verification answered 85",
    form: {
      ...common,
      ...goodAddress,
      TRAN_TYPE: "CCE0",
      AMOUNT: "0.00",
      TRAN_NBR: "1015",
      ACCOUNT_NBR: "5000000000000009",
      EXP_DATE: "4912",
      CVV2: "123",
      USER_DATA_10: "SIM_APPROVE_85"
    },
    expected: `${header("CCE0", "1015")} AUTH_GUID=* AUTH_RESP=85 AUTH_CODE=* AUTH_AVS=Y AUTH_CVV2=M AUTH_RESP_TEXT=NOT_DECLINED AUTH_CARD_TYPE=M ${at} ${amounts("0.00", "0.00", "85")} ${mastercard} ORIG_TRAN_TYPE=CCE0`
  },
  {
    name: "a decline for lack of funds (trigger 31.20)",
    form: { ...common, ...visaCard, ...goodAddress, TRAN_TYPE: "CCE1", AMOUNT: "31.20", TRAN_NBR: "1016" },
    expected: `${header("CCE1", "1016")} AUTH_GUID=* AUTH_RESP=51 AUTH_AVS=Y AUTH_CVV2=M AUTH_RESP_TEXT=DECLINE AUTH_CARD_TYPE=V ${at} ${amounts("31.20", "0.00", "51")} ${visa} ORIG_TRAN_TYPE=CCE1`
  },
  {
    name: "a decline folded to 05 (Amex)",
    form: {
      ...common,
      ...goodAddress,
      TRAN_TYPE: "CCE1",
      AMOUNT: "75.40",
      TRAN_NBR: "1017",
      ACCOUNT_NBR: "340000000000009",
      EXP_DATE: "4912",
      USER_DATA_10: "SIM_FOLD_05"
    },
    expected: `${header("CCE1", "1017")} AUTH_GUID=* AUTH_RESP=05 AUTH_AVS=Y AUTH_RESP_TEXT=DECLINE AUTH_CARD_TYPE=S ${at} ${amounts("75.40", "0.00", "116")} AUTH_MASKED_ACCOUNT_NBR=***********0009 ORIG_TRAN_TYPE=CCE1`
  },
  {
    name: "a decline with Mastercard advice (trigger 1.62)",
    form: {
      ...common,
      ...goodAddress,
      TRAN_TYPE: "CCE1",
      AMOUNT: "1.62",
      TRAN_NBR: "1018",
      ACCOUNT_NBR: "5000000000000009",
      EXP_DATE: "4912",
      CVV2: "123"
    },
    expected: `${header("CCE1", "1018")} AUTH_GUID=* AUTH_RESP=SC AUTH_AVS=Y AUTH_CVV2=M AUTH_RESP_TEXT=DECLINE_ADD_AVAIL AUTH_CARD_TYPE=M ${at} ${amounts("1.62", "0.00", "79")} AUTH_MASKED_ACCOUNT_NBR=************0009 ORIG_TRAN_TYPE=CCE1`
  },
  {
    name: "a partial approval (trigger 1.59)",
    form: { ...common, ...visaCard, ...goodAddress, TRAN_TYPE: "CCE1", AMOUNT: "1.59", TRAN_NBR: "1019" },
    profile: { partial_approvals: true },
    expected: `${header("CCE1", "1019")} AUTH_GUID=* AUTH_RESP=10 AUTH_CODE=* AUTH_AVS=Y AUTH_CVV2=M AUTH_RESP_TEXT=PARTIAL_APPROVED AUTH_CARD_TYPE=V ${at} ${amounts("1.59", "0.80", "10")} AUTH_MASKED_ACCOUNT_NBR=************0002 ORIG_TRAN_TYPE=CCE1 AUTH_TRAN_IDENT=*`
  },
  {
    name: "a BATCH_ID that is too long",
    form: {
      ...common,
      TRAN_TYPE: "CCE1",
      AMOUNT: "25.00",
      BATCH_ID: "202603141430",
      TRAN_NBR: "1020",
      ORIG_AUTH_GUID: "09LTESTVISA00000001",
      CARD_ENT_METH: "Z"
    },
    expected: `${header("CCE1", "1020", "202603141430")} AUTH_RESP=RR AUTH_RESP_TEXT=Invalid_BATCH+ID[LEN] ${at}`
  },
  {
    name: "a BRIC in the wrong field",
    form: {
      ...common,
      TRAN_TYPE: "CCE1",
      AMOUNT: "25.00",
      TRAN_NBR: "1021",
      AUTH_GUID: "09LTESTVISA00000001",
      CARD_ENT_METH: "Z"
    },
    expected: `${header("CCE1", "1021")} AUTH_RESP=EH AUTH_RESP_TEXT=CEM_INVALID ${at}`
  }
]

describe("the worked examples", () => {
  it.effect.each(examples)("$name", (example) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        if (example.profile !== undefined) yield* simulator.patchProfile(example.profile)
        const { status, headers, body } = yield* post(simulator, example.form)
        assert.strictEqual(status, 200)
        assert.strictEqual(headers.connection, "close")
        expectDocument(body.toString("utf8").replace("BATCH_ID[LEN]", "BATCH+ID[LEN]"), example.expected)
      })
    )
  )

  const reversals = [
    { name: "in full", tranNbr: "1008", amount: {}, requested: "0.00" },
    { name: "in part", tranNbr: "1009", amount: { AMOUNT: "30.00" }, requested: "30.00" }
  ]

  it.effect.each(reversals)("a reversal by BRIC $name", ({ tranNbr, amount, requested }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const authorization = { ...common, ...visaCard, TRAN_TYPE: "CCE2", AMOUNT: "50.00", TRAN_NBR: "1003" }
        const { AUTH_GUID } = yield* ask(simulator, authorization)
        const form = { ...common, ...amount, TRAN_TYPE: "CCE7", TRAN_NBR: tranNbr, CARD_ENT_METH: "Z" }
        const { body } = yield* post(simulator, { ...form, ORIG_AUTH_GUID: AUTH_GUID ?? "" })
        expectDocument(
          body.toString("utf8"),
          `${header("CCE7", tranNbr)} AUTH_GUID=* AUTH_RESP=00 AUTH_RESP_TEXT=APPROVAL AUTH_CARD_TYPE=V ${at} ${amounts(requested, requested, "00")} ORIG_TRAN_TYPE=CCE7`
        )
      })
    )
  )

  it.effect("a timeout reversal that finds its original", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* post(simulator, { ...common, ...visaCard, TRAN_TYPE: "CCE1", AMOUNT: "25.00", TRAN_NBR: "1010" })
        const form = { ...key, TRAN_TYPE: "CCE7", BATCH_ID: "20260314", TRAN_NBR: "1010" }
        const { body } = yield* post(simulator, form)
        expectDocument(
          body.toString("utf8"),
          `${header("CCE7", "1010")} AUTH_GUID=* AUTH_RESP=00 AUTH_RESP_TEXT=APPROVAL AUTH_CARD_TYPE=V ${at} ${amounts("0.00", "0.00", "00")} ORIG_TRAN_TYPE=CCE7`
        )
      })
    )
  )

  const visaSale: Form = { ...common, ...visaCard, TRAN_TYPE: "CCE1", AMOUNT: "25.00", TRAN_NBR: "1001" }
  const visaAuthorization: Form = { ...common, ...visaCard, TRAN_TYPE: "CCE2", AMOUNT: "50.00", TRAN_NBR: "1003" }

  const later = (type: string, tranNbr: string, bric: string | undefined, more: Form = {}): Form => ({
    ...common,
    ...more,
    TRAN_TYPE: type,
    TRAN_NBR: tranNbr,
    ORIG_AUTH_GUID: bric ?? "",
    CARD_ENT_METH: "Z"
  })

  it.effect("a capture of less than was authorized, a second one, and the void of the first", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const document = (form: Form) => Effect.map(post(simulator, form), ({ body }) => body.toString("utf8"))
        const { AUTH_GUID: held } = yield* ask(simulator, visaAuthorization)
        const captured = yield* document(later("CCE4", "1004", held, { AMOUNT: "42.50", USER_DATA_1: "pay_0003" }))
        expectDocument(
          captured,
          `${header("CCE4", "1004")} AUTH_GUID=* AUTH_RESP=00 AUTH_RESP_TEXT=APPROVAL AUTH_CARD_TYPE=V ${at} ${amounts("42.50", "42.50", "00")} ORIG_TRAN_TYPE=CCE4`
        )
        expectDocument(
          yield* document(later("CCE4", "1005", held, { AMOUNT: "42.50" })),
          `${header("CCE4", "1005")} AUTH_RESP=EV AUTH_RESP_TEXT=NO_ACTION_TAKEN AUTH_CARD_TYPE=V ${at} ${amounts("42.50", "0.00", "EV")} ORIG_TRAN_TYPE=CCE4`
        )
        const [, bric] = entriesOf(captured).find(([name]) => name === "AUTH_GUID") ?? []
        expectDocument(
          yield* document(later("CCEX", "1006", bric)),
          `${header("CCEX", "1006")} AUTH_GUID=* AUTH_RESP=00 AUTH_RESP_TEXT=APPROVAL ${at} ${amounts("0.00", "0.00", "00")} ORIG_TRAN_TYPE=CCEX`
        )
      })
    )
  )

  it.effect.each([
    { name: "rewritten to CCEA", ccea_rewrite: true, type: "CCEA" },
    { name: "as it was sent", ccea_rewrite: false, type: "CCE9" }
  ])("a partial refund, $name", ({ ccea_rewrite, type }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ ccea_rewrite })
        const { AUTH_GUID: sold } = yield* ask(simulator, visaSale)
        const pair = { BATCH_ID: "20260316", ORIG_BATCH_ID: "20260314", ORIG_TRAN_NBR: "1001" }
        const form = later("CCE9", "1107", sold, { ...pair, AMOUNT: "10.00", USER_DATA_1: "rfd_0001" })
        const { body } = yield* post(simulator, form)
        expectDocument(
          body.toString("utf8"),
          `${header(type, "1107", "20260316")} AUTH_GUID=* AUTH_RESP=00 AUTH_CODE=* AUTH_RESP_TEXT=APPROVAL_* AUTH_CARD_TYPE=V ${at} ${amounts("10.00", "10.00", "00")} ${visa} ORIG_TRAN_TYPE=CCE9`
        )
      })
    )
  )

  it.effect("an update of a storage BRIC", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const create = { ...common, ...visaCard, ...goodAddress, TRAN_TYPE: "CCE8", TRAN_NBR: "1012" }
        const { AUTH_GUID: stored } = yield* ask(simulator, create)
        const { body } = yield* post(
          simulator,
          later("CCE8", "1014", stored, { EXP_DATE: "5006", ZIP_CODE: "123456789" })
        )
        expectDocument(
          body.toString("utf8"),
          `${header("CCE8", "1014")} AUTH_GUID=* AUTH_RESP=00 AUTH_CODE=* AUTH_AVS=Z AUTH_RESP_TEXT=APPROVAL AUTH_CARD_TYPE=V ${at} ${amounts("0.00", "0.00", "00")} ${visa} ORIG_TRAN_TYPE=CCE8 AUTH_PAR=V*`
        )
      })
    )
  )

  it.effect("a batch close", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* post(simulator, visaSale)
        const { body } = yield* post(simulator, { ...key, TRAN_TYPE: "CCEZ", BATCH_ID: "20260314", TRAN_NBR: "1" })
        expectDocument(
          body.toString("utf8"),
          `${header("CCEZ", "1")} AUTH_GUID=* AUTH_RESP=00 AUTH_RESP_TEXT=APPROVAL ${at} ${amounts("0.00", "0.00", "00")} ORIG_TRAN_TYPE=CCEZ`
        )
      })
    )
  )

  it.effect("the wire form is one line without a declaration", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { body } = yield* post(simulator, { ...common, TRAN_TYPE: "CCE1", TRAN_NBR: "1", INDUSTRY_TYPE: "" })
        const when = '<FIELD KEY="LOCAL_DATE">031426</FIELD><FIELD KEY="LOCAL_TIME">143005</FIELD>'
        const gmt = '<FIELD KEY="AUTH_TRAN_DATE_GMT">03/14/2026 06:30:05 PM</FIELD>'
        assert.strictEqual(
          body.toString("utf8"),
          `<RESPONSE><FIELDS><FIELD KEY="MSG_VERSION">003</FIELD><FIELD KEY="CUST_NBR">7000</FIELD><FIELD KEY="MERCH_NBR">700010</FIELD><FIELD KEY="DBA_NBR">1</FIELD><FIELD KEY="TERMINAL_NBR">1</FIELD><FIELD KEY="TRAN_TYPE">CCE1</FIELD><FIELD KEY="BATCH_ID">20260314</FIELD><FIELD KEY="TRAN_NBR">1</FIELD>${when}<FIELD KEY="AUTH_RESP">13</FIELD><FIELD KEY="AUTH_RESP_TEXT">AMOUNT ERROR</FIELD>${gmt}<FIELD KEY="AUTH_AMOUNT_REQUESTED">0.00</FIELD><FIELD KEY="AUTH_AMOUNT">0.00</FIELD><FIELD KEY="AUTH_CURRENCY_CODE">840</FIELD><FIELD KEY="NETWORK_RESPONSE">13</FIELD><FIELD KEY="ORIG_TRAN_TYPE">CCE1</FIELD></FIELDS></RESPONSE>`
        )
      })
    )
  )
})
