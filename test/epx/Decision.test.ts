import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { AnswerDocument, AnswerFields } from "../../src/epx/AnswerFields.ts"
import { AnswerXml } from "../../src/epx/AnswerXml.ts"
import { decide } from "../../src/epx/Decision.ts"
import { tranTypeOf } from "../../src/epx/Operation.ts"
import type { EpxRequest } from "../../src/epx/Request.ts"
import { responseCodes } from "../../src/epx/ResponseCodes.ts"
import type { EpxResult } from "../../src/epx/Result.ts"
import {
  achRequests,
  answerToSale,
  batchClose,
  cardRequests,
  envelope,
  partialReversal,
  timeoutReversal
} from "./Examples.ts"

const sale = cardRequests.CCE1

type Changes = Readonly<Record<string, string | undefined>>

/** EPX's answer to the sale, or to another request, with some fields replaced. */
const decided = (changes: Changes, request: EpxRequest = sale): EpxResult => {
  const answer = answerToSale({ TRAN_TYPE: tranTypeOf(request), ORIG_TRAN_TYPE: tranTypeOf(request), ...changes })
  return decide(request, Schema.decodeSync(AnswerDocument)(Schema.encodeSync(AnswerXml)(answer)))
}

const summary = (result: EpxResult): string =>
  result._tag === "Replied" ? result.outcome : `${result._tag} ${result.reason}`

/** How EPX answers calls without an amount, and those that say nothing of a card. */
const bare = { AUTH_AMOUNT: "0.00", AUTH_CODE: undefined, AUTH_AVS: undefined, AUTH_CVV2: undefined }

const [checking, savings] = [achRequests("checking"), achRequests("savings")]

const everyRequest: ReadonlyArray<EpxRequest> = [
  ...Object.values(cardRequests),
  partialReversal,
  ...Object.values(checking),
  ...Object.values(savings),
  timeoutReversal,
  batchClose
]

describe("an approval", () => {
  it("is read in full", () => {
    const result = decided({})
    assert.deepStrictEqual(result._tag === "Replied" ? { ...result.answer, bric: null } : null, {
      responseCode: "00",
      networkResponse: "00",
      authorizationCode: "061001",
      text: "EXACT MATCH",
      avs: "Y",
      avsMatch: "full",
      cvv: "M",
      cvvMatch: "match",
      card: { brand: "visa", last4: "0002" },
      amountApproved: 2500,
      bric: null,
      networkTransactionId: "000000000000101"
    })
    const bric = result._tag === "Replied" ? result.answer.bric : null
    assert.strictEqual(bric === null ? "" : Redacted.value(bric), "09LTESTSALE00000002")
  })

  it("needs none of the optional fields", () => {
    const key = ["CUST_NBR", "MERCH_NBR", "DBA_NBR", "TERMINAL_NBR", "BATCH_ID", "TRAN_NBR", "AUTH_RESP"]
    const absent = Object.keys(answerToSale({})).filter((name) => !key.includes(name))
    const result = decided(Object.fromEntries(absent.map((name) => [name, undefined])))
    assert.deepStrictEqual(result, {
      _tag: "Replied",
      outcome: "approved",
      answer: {
        responseCode: "00",
        networkResponse: null,
        authorizationCode: null,
        text: null,
        avs: null,
        avsMatch: null,
        cvv: null,
        cvvMatch: null,
        card: { brand: null, last4: null },
        amountApproved: null,
        bric: null,
        networkTransactionId: null
      }
    })
  })

  it.each(everyRequest)("of every call is 00: $operation", (request) => {
    const amount = "amount" in request ? "25.00" : request === partialReversal ? "30.00" : "0.00"
    assert.strictEqual(summary(decided({ AUTH_AMOUNT: amount }, request)), "approved")
  })

  it("of a refund may come back as CCEA", () => {
    assert.strictEqual(summary(decided({ TRAN_TYPE: "CCEA" }, cardRequests.CCE9)), "approved")
  })

  it("is 85 for a card verification and a card refund, and in doubt for all else", () => {
    const on85 = everyRequest.filter(
      (request) => summary(decided({ AUTH_RESP: "85", AUTH_AMOUNT: undefined }, request)) === "approved"
    )
    assert.deepStrictEqual(on85, [cardRequests.CCE0, cardRequests.CCE9])
    assert.strictEqual(summary(decided({ AUTH_RESP: "85" })), "InDoubt undecided_code")
  })

  it("names no brand for a bank account, whose card type letter is private label", () => {
    const result = decided({ AUTH_CARD_TYPE: "L", AUTH_MASKED_ACCOUNT_NBR: "*****6789" }, checking.sale)
    assert.deepStrictEqual(result._tag === "Replied" ? result.answer.card : null, { brand: null, last4: "6789" })
  })
})

describe("an amount", () => {
  it.each([
    ["00", "25.00", "approved"],
    ["00", "25.0000", "approved"],
    ["00", undefined, "approved"],
    ["00", "24.99", "InDoubt amount_differs"],
    ["00", "25.01", "InDoubt amount_differs"],
    ["00", "0.00", "InDoubt amount_differs"],
    ["10", "0.80", "approved"],
    ["10", "24.99", "approved"],
    ["10", "25.00", "approved"],
    ["10", "25.01", "InDoubt amount_differs"],
    ["10", "0.00", "InDoubt amount_differs"],
    ["10", undefined, "InDoubt amount_differs"]
  ])("under %s of %s for 25.00: %s", (AUTH_RESP, AUTH_AMOUNT, expected) => {
    assert.strictEqual(summary(decided({ AUTH_RESP, AUTH_AMOUNT })), expected)
    assert.strictEqual(summary(decided({ AUTH_RESP, AUTH_AMOUNT }, cardRequests.CCE2)), expected)
  })

  it("of a partial approval is the one approved", () => {
    const result = decided({ AUTH_RESP: "10", AUTH_AMOUNT: "0.80" })
    assert.deepInclude(result._tag === "Replied" ? result.answer : {}, { amountApproved: 80, responseCode: "10" })
  })

  it.each([cardRequests.CCE4, cardRequests.CCE9, checking.sale, checking.payout, checking.refund])(
    "must be ours for $operation too, and cannot be partial",
    (request) => {
      assert.strictEqual(summary(decided({ AUTH_AMOUNT: "24.99" }, request)), "InDoubt amount_differs")
      assert.strictEqual(summary(decided({ AUTH_RESP: "10", AUTH_AMOUNT: "0.80" }, request)), "InDoubt undecided_code")
    }
  )

  it("must be what stays authorized for a partial reversal, and means nothing for a full one", () => {
    assert.strictEqual(summary(decided({ ...bare, AUTH_AMOUNT: "20.00" }, partialReversal)), "InDoubt amount_differs")
    assert.strictEqual(summary(decided({ ...bare, AUTH_AMOUNT: "20.00" }, cardRequests.CCE7)), "approved")
    assert.strictEqual(summary(decided({ ...bare, AUTH_AMOUNT: "20.00" }, timeoutReversal)), "approved")
  })

  it("must be in dollars", () => {
    assert.strictEqual(summary(decided({ AUTH_CURRENCY_CODE: "978" })), "InDoubt amount_differs")
    assert.strictEqual(
      summary(decided({ AUTH_RESP: "10", AUTH_AMOUNT: "0.80", AUTH_CURRENCY_CODE: "978" })),
      "InDoubt amount_differs"
    )
  })
})

describe("a refusal", () => {
  it.each([
    ["51", "declined", "soft"],
    ["54", "declined", "fixable"],
    ["41", "declined", "hard"],
    ["01", "declined", "referral"],
    ["91", "declined", "system"],
    ["RR", "rejected", "request"],
    ["EH", "rejected", "request"],
    ["E7", "rejected", "configuration"],
    ["03", "rejected", "configuration"],
    ["25", "rejected", "state"],
    ["EV", "rejected", "state"],
    ["21", "rejected", "state"]
  ])("%s is %s as %s", (AUTH_RESP, outcome, category) => {
    const result = decided({ AUTH_RESP, AUTH_AMOUNT: "0.00", NETWORK_RESPONSE: undefined })
    assert.strictEqual(summary(result), outcome)
    assert.deepInclude("decline" in result ? result.decline : {}, { code: AUTH_RESP, category })
  })

  it("is told from network code and brand together", () => {
    const result = decided({ AUTH_RESP: "05", NETWORK_RESPONSE: "116", AUTH_CARD_TYPE: "S", AUTH_AMOUNT: "0.00" })
    assert.deepInclude("decline" in result ? result.decline : {}, { code: "116", category: "soft" })
  })

  it("reads ACH codes in their own dialect", () => {
    const result = decided({ AUTH_RESP: "14", AUTH_CARD_TYPE: "L", AUTH_AMOUNT: "0.00" }, checking.sale)
    assert.deepInclude("decline" in result ? result.decline : {}, { code: "14", category: "hard" })
  })

  it("of a timeout reversal is 25 when the original never was", () => {
    const result = decided({ ...bare, AUTH_RESP: "25", AUTH_GUID: undefined }, timeoutReversal)
    assert.deepInclude(result, { _tag: "Replied", outcome: "rejected" })
  })

  it("needs no BRIC, no amount and no card", () => {
    const bareError = { AUTH_GUID: undefined, AUTH_AMOUNT: undefined, AUTH_CARD_TYPE: undefined }
    assert.strictEqual(
      summary(decided({ ...bareError, AUTH_RESP: "RR", AUTH_RESP_TEXT: "Invalid BATCH_ID[LEN]" })),
      "rejected"
    )
  })

  it.each(["DUPLICATE TRAN_NBR", "Invalid TRAN_NBR[duplicate]", "94 Dup Trans"])(
    "of a pair used before says nothing of its first use: %s",
    (AUTH_RESP_TEXT) => {
      assert.strictEqual(summary(decided({ AUTH_RESP: "RR", AUTH_RESP_TEXT })), "InDoubt duplicate")
    }
  )
})

describe("a doubt", () => {
  it.each(["E9", "EN", "TO", "68", "94", "11", "85"])("stays with the undecided code %s", (AUTH_RESP) => {
    const result = decided({ AUTH_RESP, AUTH_AMOUNT: "0.00" })
    assert.strictEqual(summary(result), "InDoubt undecided_code")
    assert.strictEqual(result._tag === "InDoubt" ? result.answer?.responseCode : "", AUTH_RESP)
  })

  it.each(["ZZ", "99", "0", "000", "S6"])("stays with the unlisted code %s", (AUTH_RESP) => {
    assert.strictEqual(summary(decided({ AUTH_RESP })), "InDoubt unlisted_code")
  })

  it("keeps what could be read as evidence", () => {
    const result = decided({ AUTH_RESP: "ZZ" })
    assert.deepInclude(result._tag === "InDoubt" ? (result.answer ?? {}) : {}, { authorizationCode: "061001" })
  })

  it.each([
    ["CUST_NBR", "7001"],
    ["MERCH_NBR", "700011"],
    ["DBA_NBR", "2"],
    ["TERMINAL_NBR", "2"],
    ["BATCH_ID", "20260315"],
    ["TRAN_NBR", "1002"],
    ["TRAN_NBR", "01001"],
    ["ORIG_TRAN_TYPE", "CCE2"],
    ["CUST_NBR", undefined],
    ["MERCH_NBR", undefined],
    ["DBA_NBR", undefined],
    ["TERMINAL_NBR", undefined],
    ["BATCH_ID", undefined],
    ["TRAN_NBR", undefined]
  ])("is an answer whose %s is %s", (name, value) => {
    for (const AUTH_RESP of ["00", "51", "RR"]) {
      const result = decided({ AUTH_RESP, [name]: value })
      assert.deepInclude(result, { _tag: "InDoubt", reason: "mismatch", detail: `${name} is not ours` })
    }
  })

  it("is the answer of the sale that a timeout reversal shares its pair with", () => {
    assert.strictEqual(summary(decided({ ORIG_TRAN_TYPE: "CCE1" }, timeoutReversal)), "InDoubt mismatch")
  })
})

describe("the text of an answer", () => {
  const shown = (AUTH_RESP_TEXT: string): string | null => {
    const result = decided({ AUTH_RESP: "RR", AUTH_RESP_TEXT })
    return "answer" in result && result.answer !== null ? result.answer.text : null
  }

  it.each([
    ["Invalid ACCOUNT_NBR 4000000000000002", "Invalid ACCOUNT_NBR ***"],
    ["4000 0000 0000 0002", "***"],
    ["4000-0000-0000-0002", "***"],
    ["ROUTING 011000015", "ROUTING ***"],
    ["Invalid ORIG_AUTH_GUID 09LTESTSALE00000001", "Invalid ORIG_AUTH_GUID ***"],
    ["UNABLE TO AUTHENTICATE", "UNABLE TO AUTHENTICATE"],
    ["APPROVAL 061001", "APPROVAL 061001"],
    ["Invalid BATCH_ID[LEN]", "Invalid BATCH_ID[LEN]"]
  ])("%s is shown as %s", (text, expected) => {
    assert.strictEqual(shown(text), expected)
  })

  it("is cut to 80 characters", () => {
    assert.strictEqual(shown("x ".repeat(100))?.length, 80)
  })
})

describe("decide", () => {
  const code = Schema.Literals([...responseCodes.keys(), "ZZ", "99"])
  const amount = AnswerFields.fields.AUTH_AMOUNT

  it.effect.prop(
    "approves a sale only on 00 for its amount and on 10 for at most that, and moves no decision by the text",
    { code, answer: Schema.Struct({ AUTH_AMOUNT: Schema.toType(amount) }), text: Schema.String },
    ({ answer, code, text }) =>
      Effect.sync(() => {
        const fields: AnswerFields = {
          ...Schema.decodeSync(AnswerDocument)(Schema.encodeSync(AnswerXml)(answerToSale({ AUTH_AMOUNT: undefined }))),
          ...answer,
          AUTH_RESP: code
        }
        const result = decide(sale, fields)
        const granted = answer.AUTH_AMOUNT
        const full = code === "00" && (granted === undefined || granted === 2500)
        const part = code === "10" && granted !== undefined && granted > 0 && granted <= 2500
        assert.strictEqual(summary(result) === "approved", full || part)
        if (!/dup/i.test(text)) {
          assert.strictEqual(summary(decide(sale, { ...fields, AUTH_RESP_TEXT: text })), summary(result))
        }
      })
  )

  it("never takes an answer to one call for an answer to another", () => {
    for (const request of everyRequest) {
      const other = { ...request, pair: { ...envelope.pair, tran_nbr: 1002 } }
      assert.strictEqual(summary(decided({}, other)), "InDoubt mismatch")
    }
  })
})
