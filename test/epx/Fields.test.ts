import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Amount } from "../../src/domain/Money.ts"
import { Pair } from "../../src/domain/Terminal.ts"
import { Decimal } from "../../src/epx/Decimal.ts"
import { type Fields, fieldsOf } from "../../src/epx/Fields.ts"
import { Form } from "../../src/epx/Form.ts"
import type { EpxRequest, Initiator } from "../../src/epx/Request.ts"
import * as examples from "./Examples.ts"

const encode = Schema.encodeSync(Form)
const decode = Schema.decodeSync(Form)

const body = (request: EpxRequest): string => encode(fieldsOf(request))

const sent = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const { cardRequests } = examples

describe("fieldsOf", () => {
  const key = "CUST_NBR=7000&MERCH_NBR=700010&DBA_NBR=1&TERMINAL_NBR=1"
  const pair = "BATCH_ID=20260314&TRAN_NBR=1001"
  const stored = "ORIG_AUTH_GUID=09LTESTSALE00000001&CARD_ENT_METH=Z&INDUSTRY_TYPE=E"
  const ids = "USER_DATA_1=pay_0001&USER_DATA_2=txn_0001"
  const holder = "FIRST_NAME=Alex&LAST_NAME=Sample&STD_ENTRY_CLASS=WEB"

  it.each([
    ["CCE0", "AMOUNT=0.00&ADDRESS=9+Other+Road&ZIP_CODE=12345&"],
    ["CCE1", "AMOUNT=25.00&INVOICE_NBR=INV-1001&ORDER_NBR=INV-1001&"],
    ["CCE2", "AMOUNT=25.00&"],
    ["CCE4", "AMOUNT=25.00&"],
    ["CCE7", ""],
    ["CCE8", ""],
    ["CCE9", "AMOUNT=25.00&ORIG_BATCH_ID=20260301&ORIG_TRAN_NBR=7&"],
    ["CCEX", ""]
  ] as const)("writes %s", (tranType, own) => {
    assert.strictEqual(body(cardRequests[tranType]), `${key}&TRAN_TYPE=${tranType}&${pair}&${stored}&${own}${ids}`)
  })

  it.each([
    ["checking", "C"],
    ["savings", "S"]
  ] as const)("writes each ACH call on %s", (account, letter) => {
    const requests = examples.achRequests(account)
    const expected = (action: string, own: string) =>
      `${key}&TRAN_TYPE=CK${letter}${action}&${pair}&${stored}&${own}${ids}`
    assert.strictEqual(body(requests.verification), expected("0", `AMOUNT=0.00&${holder}&`))
    assert.strictEqual(body(requests.sale), expected("2", `AMOUNT=25.00&${holder}&`))
    assert.strictEqual(body(requests.refund), expected("3", "AMOUNT=25.00&"))
    assert.strictEqual(body(requests.payout), expected("3", `AMOUNT=25.00&${holder}&`))
    assert.strictEqual(body(requests.storage), expected("8", `${holder}&`))
    assert.strictEqual(body(requests.void), expected("X", ""))
  })

  it("writes a new bank account, and a business by its receiver's name", () => {
    assert.strictEqual(
      body(examples.newBankAccount),
      `${key}&TRAN_TYPE=CKC8&${pair}&ACCOUNT_NBR=123456789&ROUTING_NBR=011000015&CARD_ENT_METH=X&INDUSTRY_TYPE=E&` +
        `RECV_NAME=Sample+%26+Sons%2C+Ltd.&STD_ENTRY_CLASS=CCD&${ids}`
    )
  })

  it("writes what stays authorized into a partial reversal", () => {
    assert.strictEqual(body(examples.partialReversal), `${key}&TRAN_TYPE=CCE7&${pair}&${stored}&AMOUNT=30.00&${ids}`)
  })

  it("writes the key, the type and the pair into a timeout reversal and a batch close, and nothing else", () => {
    assert.strictEqual(body(examples.timeoutReversal), `${key}&TRAN_TYPE=CCE7&${pair}`)
    assert.strictEqual(body(examples.batchClose), `${key}&TRAN_TYPE=CCEZ&${pair}`)
  })

  it("names the initiator of a payment with a stored card", () => {
    const flags: Record<Initiator, string> = {
      recurring: "RB",
      instalment: "IP",
      subscription: "SA",
      unscheduled: "UP",
      resubmission: "RS"
    }
    for (const initiator of ["recurring", "instalment", "subscription", "unscheduled", "resubmission"] as const) {
      assert.strictEqual(fieldsOf({ ...cardRequests.CCE1, initiator }).ACI_EXT, flags[initiator])
    }
    assert.isUndefined(fieldsOf(cardRequests.CCE1).ACI_EXT)
    const debit = examples.achRequests("savings").sale
    assert.strictEqual(fieldsOf({ ...debit, initiator: "recurring" }).ACI_EXT, "RB")
  })

  it.each([
    ["Straße 12½, Köln", "Strasse 12 1 2, Koln"],
    ["Ærø Łódź", "AEro Lodz"],
    ["東京 5", "5"],
    ["a  b\n\tc", "a b c"],
    ["1 <b>&amp;</b>", "1 b amp b"],
    ["123456789 123456789 123456789 123", "123456789 123456789 123456789"],
    ["", undefined],
    ["東京", undefined]
  ])("writes the street %j as %j", (street, expected) => {
    assert.strictEqual(fieldsOf({ ...cardRequests.CCE1, billing: { street } }).ADDRESS, expected)
  })

  it.each([
    ["12345", "12345"],
    ["12345-6789", "123456789"],
    ["123456789", "123456789"],
    ["K1A 0B1", "K1A 0B1"],
    ["12-345", "12-345"],
    ["", undefined]
  ])("writes the postal code %j as %j", (postal_code, expected) => {
    assert.strictEqual(fieldsOf({ ...cardRequests.CCE1, billing: { postal_code } }).ZIP_CODE, expected)
  })

  it.each([
    ["INV-1001", "INV-1001", "INV-1001"],
    ["order_7", "order_7", undefined],
    ["https://shop/7", undefined, undefined],
    ["x".repeat(25), "x".repeat(25), "x".repeat(25)],
    ["x".repeat(26), undefined, undefined],
    ["Bestellung 7ä", undefined, undefined],
    ["", undefined, undefined]
  ])("writes the order %j as invoice %j and order %j", (orderRef, invoice, order) => {
    const fields = fieldsOf({ ...cardRequests.CCE1, orderRef })
    assert.deepStrictEqual([fields.INVOICE_NBR, fields.ORDER_NBR], [invoice, order])
  })
})

/** EPX data dictionary and Browser Post guide, field patterns; written here a second time on purpose. */
const patterns: Readonly<Record<string, RegExp>> = {
  CUST_NBR: /^[0-9A-Z]{1,16}$/,
  MERCH_NBR: /^[0-9A-Z]{1,16}$/,
  DBA_NBR: /^[0-9A-Z]{1,16}$/,
  TERMINAL_NBR: /^[0-9A-Z]{1,16}$/,
  TRAN_TYPE: /^C[CK][ECS][0-9A-Z]$/,
  AMOUNT: /^(0|[1-9][0-9]{0,6})\.[0-9]{2}$/,
  BATCH_ID: /^[0-9]{1,10}$/,
  TRAN_NBR: /^[0-9]{1,10}$/,
  ORIG_BATCH_ID: /^[0-9]{1,10}$/,
  ORIG_TRAN_NBR: /^[0-9]{1,10}$/,
  ACCOUNT_NBR: /^[0-9]{1,17}$/,
  ROUTING_NBR: /^[0-9]{9}$/,
  ORIG_AUTH_GUID: /^[0-9A-Z]{19}$/,
  CARD_ENT_METH: /^[ZX]$/,
  INDUSTRY_TYPE: /^[EMP]$/,
  ACI_EXT: /^[A-Z]{2}$/,
  ADDRESS: /^[0-9a-zA-Z .\-,#]{1,30}$/,
  ZIP_CODE: /^[0-9a-zA-Z -]{1,10}$/,
  FIRST_NAME: /^[0-9a-zA-Z .\-,']{0,25}$/,
  LAST_NAME: /^[0-9a-zA-Z .\-,']{0,25}$/,
  RECV_NAME: /^[\x20-\x7e]{0,22}$/,
  STD_ENTRY_CLASS: /^(PPD|WEB|TEL|CCD)$/,
  INVOICE_NBR: /^[0-9a-zA-Z\s.\-,\\_#()]{1,25}$/,
  ORDER_NBR: /^[0-9a-zA-Z\s.\-,#()]{1,25}$/,
  USER_DATA_1: /^[0-9a-zA-Z_\s.\-,#()@]{1,80}$/,
  USER_DATA_2: /^[0-9a-zA-Z_\s.\-,#()@]{1,80}$/
}

const anyText = Schema.Union([Schema.String, Schema.String.check(Schema.isPattern(/^[ -ÿ–—’東]{0,60}$/))])

const requests = (
  amount: Amount,
  pair: Pair,
  [paymentId, transactionId, street, postal_code, orderRef, firstName, lastName]: ReadonlyArray<string>
): ReadonlyArray<EpxRequest> => {
  const common = { pair, paymentId: `${paymentId}`, transactionId: `${transactionId}` }
  const billing = { street, postal_code }
  const holder = { entryClass: "PPD", firstName: `${firstName}`, lastName: `${lastName}` } as const
  const { verification, sale, refund, payout, storage, void: cancel } = examples.achRequests("savings")
  return [
    { ...cardRequests.CCE0, ...common, billing },
    { ...cardRequests.CCE1, ...common, amount, billing, orderRef },
    { ...cardRequests.CCE2, ...common, amount, billing, orderRef, initiator: "unscheduled" },
    { ...cardRequests.CCE4, ...common, amount },
    { ...examples.partialReversal, ...common, remaining: amount },
    { ...cardRequests.CCE8, ...common, billing },
    { ...cardRequests.CCE9, ...common, amount, original: pair },
    { ...cardRequests.CCEX, ...common },
    { ...verification, ...common, holder },
    { ...sale, ...common, amount, holder, orderRef },
    { ...refund, ...common, amount },
    { ...payout, ...common, amount, holder: { entryClass: "CCD", receiver: `${firstName}` } },
    { ...storage, ...common, holder },
    { ...cancel, ...common },
    { ...examples.newBankAccount, ...common },
    { ...examples.timeoutReversal, ...common },
    { ...examples.batchClose, ...common }
  ]
}

describe("Form", () => {
  it.effect.prop(
    "carries every request in ASCII, inside EPX's patterns, and reads back as it was written",
    [Amount, Pair, Schema.Tuple([anyText, anyText, anyText, anyText, anyText, anyText, anyText])],
    ([amount, pair, texts]) =>
      Effect.sync(() => {
        for (const request of requests(amount, pair, texts)) {
          const form = body(request)
          assert.match(form, /^[\x21-\x7e]+$/)
          assert.deepStrictEqual(decode(form), sent(fieldsOf(request)))
          for (const [name, value] of Object.entries(decode(form))) {
            assert.match(`${value}`, patterns[name] ?? /^\b$/, name)
          }
          if ("amount" in request) {
            assert.strictEqual(Schema.decodeSync(Decimal)(`${decode(form).AMOUNT}`), request.amount)
          }
        }
      })
  )

  it("keeps characters that mean something in a form", () => {
    const fields = { A: "x=1&y=2", B: "+ %2B", C: "#?/" }
    assert.deepStrictEqual(decode(encode(fields)), fields)
  })
})
