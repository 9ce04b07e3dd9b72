import { assert, describe, it } from "@effect/vitest"
import { type Evidence, objections } from "./Gate.ts"

const sum = { count: 3, cents: 5_997 }
const agreed: Evidence = { gateway: sum, doubleCharges: [], books: sum, undecided: 0, answers: sum }

describe("Gate", () => {
  it("has nothing against witnesses that agree", () => {
    assert.deepStrictEqual(objections(agreed), [])
  })

  it.each<[string, Partial<Evidence>, RegExp]>([
    ["a cent missing in the books", { books: { count: 3, cents: 5_996 } }, /the books have 3 payments over 59.96/],
    ["a payment missing in the books", { books: { count: 2, cents: 5_997 } }, /the books have 2 payments/],
    [
      "a cent too much in the answers",
      { answers: { count: 3, cents: 5_998 } },
      /the answers say 3 payments over 59.98/
    ],
    ["an answer nobody got", { answers: { count: 2, cents: 5_997 } }, /the answers say 2 payments/],
    ["a charge the others know nothing of", { gateway: { count: 4, cents: 6_097 } }, /the gateway has 4 payments/],
    ["two charges of one payment", { doubleCharges: ["pay_1"] }, /charged more than once: pay_1/],
    ["a transaction without an outcome", { undecided: 1 }, /1 transactions have no outcome/]
  ])("objects to %s", (_, change, reason) => {
    assert.match(objections({ ...agreed, ...change }).join("\n"), reason)
  })

  it("objects to many sales without a trace, where there should be some", () => {
    const many = { count: 1_000, cents: 5_000 }
    const untraced: Evidence = { ...agreed, gateway: many, books: many, answers: many, traced: 0 }
    assert.deepStrictEqual(objections(untraced), ["of 1000 sales none was traced"])
    assert.deepStrictEqual(objections({ ...untraced, traced: 98 }), [])
    assert.deepStrictEqual(objections({ ...agreed, traced: 0 }), [])
  })

  it("objects to a run without a payment", () => {
    const none = { count: 0, cents: 0 }
    assert.deepStrictEqual(objections({ gateway: none, doubleCharges: [], books: none, undecided: 0, answers: none }), [
      "the gateway saw no payment"
    ])
  })
})
