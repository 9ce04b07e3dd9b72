import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { Amount } from "../../src/domain/Money.ts"
import { canBecome } from "../../src/domain/Transaction.ts"
import type { Answer, EpxResult } from "../../src/epx/Result.ts"
import { settlementOf } from "../../src/transactions/Outcome.ts"

const answer: Answer = {
  responseCode: "00",
  networkResponse: "00",
  authorizationCode: "061001",
  text: "APPROVAL",
  avs: "Y",
  avsMatch: "full",
  cvv: null,
  cvvMatch: null,
  card: { brand: "visa", last4: "0002" },
  amountApproved: 1999,
  bric: Redacted.make("09LTESTSALE00000001"),
  networkTransactionId: null
}
const decline = { code: "51", category: "soft" as const, message: "…", retryable: true }
const amount = Amount.make(1999)

const results: ReadonlyArray<readonly [EpxResult, string, string, string]> = [
  [{ _tag: "Replied", outcome: "approved", answer }, "approved", "captured", "authorized"],
  [
    { _tag: "Replied", outcome: "approved", answer: { ...answer, amountApproved: null } },
    "approved",
    "captured",
    "authorized"
  ],
  [{ _tag: "Replied", outcome: "declined", answer, decline }, "declined", "declined", "declined"],
  [{ _tag: "Replied", outcome: "rejected", answer, decline }, "rejected", "declined", "declined"],
  [{ _tag: "NotSent", reason: "connect", detail: "refused" }, "failed", "failed", "failed"],
  [{ _tag: "InDoubt", reason: "no_answer", detail: "reset", answer: null }, "unknown", "unknown", "unknown"],
  [
    { _tag: "Replied", outcome: "approved", answer: { ...answer, amountApproved: 1000 } },
    "unknown",
    "unknown",
    "unknown"
  ]
]

describe("settlementOf", () => {
  it.each(results)("%j", (result, status, ofSale, ofAuthorization) => {
    const sale = settlementOf("sale", amount, result)
    const authorization = settlementOf("authorization", amount, result)
    assert.deepStrictEqual([sale.status, sale.paymentStatus], [status, ofSale])
    assert.deepStrictEqual([authorization.status, authorization.paymentStatus], [status, ofAuthorization])
    assert.isTrue(canBecome("submitting", sale.status))
  })

  it("counts money only for an approval of the whole amount, and captures only a sale", () => {
    for (const [result, status] of results) {
      const held = status === "approved" ? 1999 : 0
      assert.deepStrictEqual(settlementOf("sale", amount, result).totals, { authorized: held, captured: held })
      assert.deepStrictEqual(settlementOf("authorization", amount, result).totals, { authorized: held, captured: 0 })
    }
  })

  it("keeps the evidence of a doubt", () => {
    const doubt = settlementOf("sale", amount, { _tag: "InDoubt", reason: "mismatch", detail: "TRAN_NBR", answer })
    assert.strictEqual(doubt.doubt, "mismatch: TRAN_NBR")
    assert.strictEqual(doubt.answer, answer)
  })
})
