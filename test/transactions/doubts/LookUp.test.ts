import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { Amount } from "../../../src/domain/Money.ts"
import { canBecome } from "../../../src/domain/Transaction.ts"
import { type LookUp, type LookUpRow, unanswered } from "../../../src/epx/LookUp.ts"
import { responseCodes } from "../../../src/epx/ResponseCodes.ts"
import type { History } from "../../../src/transactions/doubts/DoubtsRepo.ts"
import { foundSettlement } from "../../../src/transactions/doubts/LookUp.ts"

type Type = History["type"]

const bric = Redacted.make("09LTESTSALE00000001")

const historyOf = (type: Type, rest: Partial<History> = {}): History => ({
  type,
  amount: Amount.make(1999),
  amount_approved: null,
  age: 0,
  is_answered: false,
  doubt: null,
  lookups: 0,
  has_bric: false,
  has_key: true,
  has_lookup: true,
  multiple_captures: false,
  target_id: null,
  target_type: null,
  target_amount: null,
  is_voidable: true,
  attempts: [],
  ...rest
})

/** What each kind of call may be listed as. */
const listed: ReadonlyArray<readonly [Type, string]> = [
  ["sale", "CCE1"],
  ["authorization", "CCE2"],
  ["capture", "CCE4"],
  ["refund", "CCE9"],
  ["refund", "CCEA"],
  ["void", "CCEX"],
  ["void", "CCE7"]
]
const types: ReadonlyArray<Type> = ["sale", "authorization", "capture", "refund", "void", "reversal"]
const isCharge = (type: Type) => type === "sale" || type === "authorization"

const found = (tranType: string, rest: Partial<LookUpRow> = {}): LookUp => ({
  _tag: "Found",
  row: { tranType, amount: 1999, bric, response: "00", isVoid: false, ...rest }
})

const statusOf = (type: Type, tranType: string, rest: Partial<LookUpRow> = {}) =>
  foundSettlement(historyOf(type), found(tranType, rest))?.status ?? null

describe("foundSettlement", () => {
  it.each(types)("concludes nothing about a %s from a list without it, or from no list", (type) => {
    assert.isNull(foundSettlement(historyOf(type), { _tag: "Absent" }))
    const reasons = ["unconfigured", "unreachable", "no_answer", "refused", "unreadable", "contradictory"] as const
    for (const reason of reasons) assert.isNull(foundSettlement(historyOf(type), unanswered(reason, "")))
  })

  it("takes each call only for what it may be listed as", () => {
    const known = Array.from(listed, ([, tranType]) => tranType)
    for (const type of types) {
      for (const tranType of [...known, "CCE8", "CCEZ", "CKC2"]) {
        const isOwn = listed.some(([own, name]) => own === type && name === tranType)
        assert.strictEqual(statusOf(type, tranType) !== null, isOwn, `${type} ${tranType}`)
      }
    }
  })

  it.each(listed)("a %s on the list as %s stands, with the token it is known by", (type, tranType) => {
    for (const response of ["00", null]) {
      const made = foundSettlement(historyOf(type), found(tranType, { response }))
      assert.strictEqual(made?.status, "approved")
      assert.strictEqual(made?.answer?.bric, bric)
      assert.strictEqual(made?.answer?.responseCode, response)
      // Whoever asked for a charge was told long ago that nothing is known.
      assert.strictEqual(made?.undo, isCharge(type) ? "late_approval" : null)
      assert.isNull(made?.doubt)
    }
  })

  it.each(listed.filter(([type]) => type !== "void"))("a %s (%s) of another amount is not ours", (type, tranType) => {
    assert.isNull(statusOf(type, tranType, { amount: 1998 }))
    assert.isNull(statusOf(type, tranType, { amount: 1998, response: "05" }))
  })

  it("a void is listed with whatever amount EPX likes", () => {
    assert.strictEqual(statusOf("void", "CCEX", { amount: 0 }), "approved")
  })

  it("a charge of which a part was approved is listed with that part", () => {
    const partly = historyOf("sale", { amount_approved: 500 })
    for (const response of ["00", "10"]) {
      const made = foundSettlement(partly, found("CCE1", { amount: 500, response }))
      assert.deepStrictEqual([made?.status, made?.undo], ["approved", "late_approval"])
      assert.isNull(foundSettlement(partly, found("CCE1", { response })))
    }
  })

  it("a charge that was voided by others is gone, and nothing is left to undo", () => {
    for (const [type, tranType] of [
      ["sale", "CCE1"],
      ["authorization", "CCE2"]
    ] as const) {
      const made = foundSettlement(historyOf(type), found(tranType, { isVoid: true }))
      assert.deepStrictEqual([made?.status, made?.undo], ["reversed", null])
    }
  })

  it("a capture or refund that was voided by others is left to people", () => {
    assert.isNull(statusOf("capture", "CCE4", { isVoid: true }))
    assert.isNull(statusOf("refund", "CCE9", { isVoid: true }))
  })

  it.each(listed)("reads the codes of a %s (%s) as an answer to it would be read", (type, tranType) => {
    for (const [response, [category, retry]] of responseCodes) {
      const isApproval = response === "00" || (response === "85" && type === "refund")
      const isPart = response === "10" && isCharge(type)
      const isRefusal = category !== "approved" && category !== "partial_approval" && retry !== "unknown"
      const expected = isApproval || isPart ? "approved" : isRefusal ? "declined" : null
      assert.strictEqual(statusOf(type, tranType, { response }), expected, response)
    }
    assert.isNull(statusOf(type, tranType, { response: "Q9" }))
  })

  it("leads only where an unknown outcome may lead", () => {
    for (const [type, tranType] of listed) {
      for (const response of [null, ...responseCodes.keys()]) {
        for (const isVoid of [true, false]) {
          const made = foundSettlement(historyOf(type), found(tranType, { isVoid, response }))
          if (made !== null) assert.isTrue(canBecome("unknown", made.status))
        }
      }
    }
  })
})
