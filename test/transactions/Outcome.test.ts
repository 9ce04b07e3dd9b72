import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { Amount } from "../../src/domain/Money.ts"
import { canBecome, type TransactionStatus } from "../../src/domain/Transaction.ts"
import type { Answer, EpxResult } from "../../src/epx/Result.ts"
import type { ClaimedCall } from "../../src/transactions/ClaimedCall.ts"
import type { Policy } from "../../src/transactions/charges/Charge.ts"
import {
  alreadyCaptured,
  attemptSettlement,
  chargeSettlement,
  followUpSettlement,
  refusedReversal,
  settlement
} from "../../src/transactions/Outcome.ts"

const answer: Answer = {
  responseCode: "00",
  networkResponse: "00",
  authorizationCode: "061001",
  text: "APPROVAL",
  avs: "Y",
  avsMatch: "full",
  cvv: "M",
  cvvMatch: "match",
  card: { brand: "visa", last4: "0002" },
  amountApproved: 1999,
  bric: Redacted.make("09LTESTSALE00000001"),
  networkTransactionId: null
}
const decline = { code: "51", category: "soft" as const, message: "…", retryable: true }
const amount = Amount.make(1999)

const lenient: Policy = { partial_approvals: true, reject_on_avs: false, reject_on_cvv: false }
const strict: Policy = { partial_approvals: false, reject_on_avs: true, reject_on_cvv: true }

const approval = (rest: Partial<Answer> = {}): EpxResult => ({
  _tag: "Replied",
  outcome: "approved",
  answer: { ...answer, ...rest }
})
const refusal = (outcome: "declined" | "rejected", responseCode = "51"): EpxResult => ({
  _tag: "Replied",
  outcome,
  answer: { ...answer, responseCode },
  decline
})
const notSent: EpxResult = { _tag: "NotSent", reason: "connect", detail: "refused" }
const noAnswer: EpxResult = { _tag: "InDoubt", reason: "no_answer", detail: "reset", answer: null }
const mismatch: EpxResult = { _tag: "InDoubt", reason: "mismatch", detail: "TRAN_NBR is not ours", answer }
const duplicate: EpxResult = { _tag: "InDoubt", reason: "duplicate", detail: "94", answer }

const call = (type: ClaimedCall["type"], target: ClaimedCall["target"]["type"]): ClaimedCall => ({
  id: TransactionIds.fromUuid("019ab000-0000-7000-8000-000000000001"),
  paymentId: PaymentIds.fromUuid("019ab000-0000-7000-8000-000000000002"),
  type,
  amount,
  environment: "test",
  key: { cust_nbr: "7000", merch_nbr: "700010", dba_nbr: "1", terminal_nbr: "1" },
  pair: { batch_id: "20260115", tran_nbr: 2 },
  isProbe: false,
  target: {
    id: TransactionIds.fromUuid("019ab000-0000-7000-8000-000000000003"),
    type: target,
    amount,
    pair: { batch_id: "20260115", tran_nbr: 1 },
    bric: Redacted.make("09LTESTSALE00000001")
  }
})
const capture = call("capture", "authorization")
const refund = call("refund", "sale")
const voidOfCapture = call("void", "capture")
const voidOfSale = call("void", "sale")

const everyResult: ReadonlyArray<readonly [EpxResult, TransactionStatus]> = [
  [approval(), "approved"],
  [refusal("declined"), "declined"],
  [refusal("rejected"), "rejected"],
  [notSent, "failed"],
  [noAnswer, "unknown"],
  [mismatch, "unknown"],
  [duplicate, "unknown"]
]

const reasons = ["no_answer", "unreadable", "mismatch", "unlisted_code", "undecided_code", "amount_differs"] as const

/** Every way to make a settlement of a result. */
const settlements = {
  charge: (result: EpxResult) => chargeSettlement(amount, strict, result),
  capture: (result: EpxResult) => followUpSettlement(capture, result),
  refund: (result: EpxResult) => followUpSettlement(refund, result),
  void: (result: EpxResult) => followUpSettlement(voidOfCapture, result),
  attempt: attemptSettlement
}

describe.each(Object.entries(settlements))("the settlement of a %s", (_, settlementOf) => {
  it.each(everyResult)("%j", (result, status) => {
    const made = settlementOf(result)
    assert.strictEqual(made.status, status)
    assert.isTrue(canBecome("submitting", made.status))
    assert.isNull(made.undo)
    assert.strictEqual(made.doubt === null, result._tag === "Replied")
  })

  it("says why nothing was sent, or what is not known", () => {
    assert.deepStrictEqual(settlementOf(notSent), settlement("failed", { doubt: "not sent (connect): refused" }))
    assert.deepStrictEqual(settlementOf(noAnswer), settlement("unknown", { doubt: "no_answer: reset" }))
  })

  it("keeps nothing but the codes of an answer to another request", () => {
    const { doubt, answer: kept, status } = settlementOf(mismatch)
    assert.deepStrictEqual([status, doubt], ["unknown", "mismatch: TRAN_NBR is not ours"])
    assert.deepStrictEqual([kept?.responseCode, kept?.networkResponse], ["00", "00"])
    // By the token a void would meet the other payment, and the card is somebody else's.
    assert.deepStrictEqual([kept?.bric, kept?.amountApproved, kept?.card.last4], [null, null, null])
  })

  it("takes no amount for approved of an answer that is not believed, but keeps its token", () => {
    for (const reason of reasons.filter((reason) => reason !== "mismatch")) {
      const { answer: kept } = settlementOf({ _tag: "InDoubt", reason, detail: "", answer })
      assert.deepStrictEqual([kept?.amountApproved, kept?.bric], [null, answer.bric], reason)
    }
  })

  it("leaves to people only a pair that may be another payment's", () => {
    assert.isTrue(settlementOf(duplicate).isParked)
    for (const reason of reasons) {
      assert.isFalse(settlementOf({ _tag: "InDoubt", reason, detail: "", answer }).isParked, reason)
    }
  })
})

describe("chargeSettlement", () => {
  it("keeps why it was refused", () => {
    for (const outcome of ["declined", "rejected"] as const) {
      const made = chargeSettlement(amount, lenient, refusal(outcome))
      assert.deepStrictEqual(made, settlement(outcome, { answer: { ...answer, responseCode: "51" }, decline }))
    }
  })

  it("takes an approval that names no amount for the whole of it", () => {
    assert.deepStrictEqual(
      chargeSettlement(amount, strict, approval({ amountApproved: null })),
      settlement("approved", { answer: { ...answer, amountApproved: null } })
    )
  })

  const unwanted = [
    ["partial_approval", { amountApproved: 500 }, { partial_approvals: false }, "10", "partial_approval"],
    ["avs", { avs: "N", avsMatch: "none" }, { reject_on_avs: true }, "avs_mismatch", "fixable"],
    ["cvv", { cvv: "N", cvvMatch: "no_match" }, { reject_on_cvv: true }, "cvv_mismatch", "fixable"]
  ] as const

  describe.each(unwanted)("of an approval with %s", (undo, answered, policy, code, category) => {
    const result = approval(answered)
    const against = { ...lenient, ...policy }

    it("stands where the merchant accepts it", () => {
      const accepting = { ...strict, ...lenient }
      const made = chargeSettlement(amount, accepting, result)
      assert.deepStrictEqual(made, settlement("approved", { answer: { ...answer, ...answered } }))
    })

    it("is booked, declined and undone where the merchant does not", () => {
      const made = chargeSettlement(amount, against, result)
      assert.deepStrictEqual([made.status, made.undo, made.isParked], ["approved", undo, false])
      assert.deepInclude(made.decline, { code, category, retryable: true })
      assert.deepStrictEqual(made.answer, { ...answer, ...answered })
    })

    it("is reversed by its pair where there is no token to void it by", () => {
      const made = chargeSettlement(amount, against, approval({ ...answered, bric: null }))
      assert.deepStrictEqual([made.status, made.undo, made.isParked], ["unknown", null, false])
      assert.strictEqual(made.decline?.code, code)
      assert.isNotNull(made.doubt)
      // Answered, so that a denial by EPX contradicts itself.
      assert.strictEqual(made.answer?.responseCode, "00")
    })
  })

  it("rejects on nothing but an explicit mismatch", () => {
    for (const avsMatch of ["full", "postal", "street", "unavailable", null] as const) {
      assert.isNull(chargeSettlement(amount, strict, approval({ avsMatch })).undo)
    }
    for (const cvvMatch of ["match", "absent", "unavailable", null] as const) {
      assert.isNull(chargeSettlement(amount, strict, approval({ cvvMatch })).undo)
    }
  })

  it("undoes a partial approval as such, whatever else is wrong with it", () => {
    const all = approval({ amountApproved: 500, avsMatch: "none", cvvMatch: "no_match" })
    assert.strictEqual(chargeSettlement(amount, strict, all).undo, "partial_approval")
    const both = approval({ avsMatch: "none", cvvMatch: "no_match" })
    assert.strictEqual(chargeSettlement(amount, strict, both).undo, "avs")
  })

  const Approval = Schema.Struct({
    amountApproved: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1999 }))),
    avsMatch: Schema.NullOr(Schema.Literals(["full", "postal", "street", "none", "unavailable"])),
    cvvMatch: Schema.NullOr(Schema.Literals(["match", "no_match", "absent", "unavailable"])),
    hasBric: Schema.Boolean
  })
  const AnyPolicy = Schema.Struct({
    partial_approvals: Schema.Boolean,
    reject_on_avs: Schema.Boolean,
    reject_on_cvv: Schema.Boolean
  })

  it.prop(
    "never forgets an approval: it stands, is being undone, or is in doubt",
    { given: Approval, policy: AnyPolicy },
    ({ given: { hasBric, ...given }, policy }) => {
      const made = chargeSettlement(amount, policy, approval({ ...given, bric: hasBric ? answer.bric : null }))
      assert.include<TransactionStatus>(["approved", "unknown"], made.status)
      const isUnwanted = made.decline !== null
      assert.strictEqual(made.undo !== null, isUnwanted && hasBric)
      assert.strictEqual(made.status === "unknown", isUnwanted && !hasBric)
      assert.strictEqual(made.doubt !== null, made.status === "unknown")
    }
  )
})

describe("followUpSettlement", () => {
  it("does not call a capture refused which EPX says it has carried out", () => {
    for (const outcome of ["declined", "rejected"] as const) {
      const made = followUpSettlement(capture, refusal(outcome, alreadyCaptured))
      assert.deepStrictEqual([made.status, made.isParked], ["unknown", true])
    }
    assert.strictEqual(followUpSettlement(refund, refusal("rejected", alreadyCaptured)).status, "rejected")
  })

  it("tries a void where an issuer refused the reversal it began with", () => {
    for (const outcome of ["declined", "rejected"] as const) {
      const made = followUpSettlement(voidOfSale, refusal(outcome))
      assert.deepStrictEqual([made.status, made.isParked, made.doubt], ["unknown", false, refusedReversal])
      assert.strictEqual(followUpSettlement(voidOfCapture, refusal(outcome)).status, outcome)
    }
    assert.strictEqual(followUpSettlement(voidOfSale, approval()).status, "approved")
  })

  it("does not take a reversal that was lost for one that was refused", () => {
    assert.notStrictEqual(followUpSettlement(voidOfSale, noAnswer).doubt, refusedReversal)
    assert.notStrictEqual(followUpSettlement(voidOfSale, notSent).doubt, refusedReversal)
  })

  it("shows no decline: it is the payment that is declined, not what follows", () => {
    for (const outcome of ["declined", "rejected"] as const) {
      assert.isNull(followUpSettlement(refund, refusal(outcome)).decline)
    }
  })
})

describe("attemptSettlement", () => {
  it("keeps the code by which it is read, and decides nothing for the payment", () => {
    const made = attemptSettlement(refusal("rejected", "25"))
    assert.deepStrictEqual(made, settlement("rejected", { answer: { ...answer, responseCode: "25" } }))
  })
})
