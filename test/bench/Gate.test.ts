import { assert, describe, it } from "@effect/vitest"
import { type Evidence, objections, type RefusalEvidence, refusalObjections } from "./Gate.ts"

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

  it("lets answers that left it open explain what others know more, and nothing else", () => {
    const fewer: Evidence = { ...agreed, answers: { count: 1, cents: 1_999 } }
    assert.deepStrictEqual(objections({ ...fewer, open: 2 }), [])
    assert.match(objections({ ...fewer, open: 1 }).join(), /the answers say 1 payments over 19.99 and 1 open/)
    assert.isNotEmpty(objections({ ...agreed, answers: { count: 4, cents: 7_996 }, open: 9 }))
    assert.isNotEmpty(objections({ ...agreed, answers: { count: 3, cents: 5_996 }, open: 9 }))
  })
})

describe("Gate of refusals", () => {
  const none = { count: 0, cents: 0 }
  const refused: RefusalEvidence = {
    errors: { http_503_gateway_unavailable: 7 },
    refusals: 7,
    answers: none,
    books: none,
    undecided: 0
  }

  it("has nothing against a run in which all were turned away for one reason", () => {
    assert.deepStrictEqual(refusalObjections(refused), [])
  })

  it.each<[string, Partial<RefusalEvidence>, RegExp]>([
    ["a run without a refusal", { errors: {}, refusals: 0 }, /nothing was refused/],
    ["one that was served", { answers: { count: 1, cents: 5 } }, /1 were served/],
    ["a failure that is no refusal", { errors: { http_503_x: 7, http_500: 1 } }, /1 were neither served nor refused/],
    ["two reasons", { errors: { http_503_x: 6, http_429_y: 1 } }, /different reasons: http_503_x, http_429_y/],
    ["a charge", { books: { count: 1, cents: 500 } }, /the books have 1 payments over 5.00/],
    ["a transaction without an outcome", { undecided: 2 }, /2 transactions have no outcome/]
  ])("objects to %s", (_, change, reason) => {
    assert.match(refusalObjections({ ...refused, ...change }).join("\n"), reason)
  })
})
