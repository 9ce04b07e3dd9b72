import { assert, describe, it } from "@effect/vitest"
import { callLimits, tranTypeOf, tranTypes } from "../../src/epx/Operation.ts"
import type { AchRequest, CardRequest, PairRequest } from "../../src/epx/Request.ts"
import { achRequests, batchClose, bric, cardRequests, envelope, newBankAccount, timeoutReversal } from "./Examples.ts"

describe("tranTypeOf", () => {
  it("names every card call", () => {
    for (const [tranType, request] of Object.entries(cardRequests)) assert.strictEqual(tranTypeOf(request), tranType)
    assert.sameMembers(Object.keys(cardRequests), Object.values(tranTypes.card))
  })

  it.each([
    ["checking", "C"],
    ["savings", "S"]
  ] as const)("names every ACH call on %s", (account, letter) => {
    const requests = achRequests(account)
    assert.deepStrictEqual(
      Object.fromEntries(Object.entries(requests).map(([operation, request]) => [operation, tranTypeOf(request)])),
      {
        verification: `CK${letter}0`,
        sale: `CK${letter}2`,
        refund: `CK${letter}3`,
        payout: `CK${letter}3`,
        storage: `CK${letter}8`,
        void: `CK${letter}X`
      }
    )
    assert.sameMembers(Object.keys(requests), Object.keys(tranTypes[account]))
  })

  it("names the calls that act on a pair", () => {
    assert.strictEqual(tranTypeOf(timeoutReversal), "CCE7")
    assert.strictEqual(tranTypeOf(batchClose), "CCEZ")
    assert.strictEqual(tranTypeOf(newBankAccount), "CKC8")
  })

  it("is total: each operation of each method has its type and nothing else has", () => {
    const count = Object.values(tranTypes).reduce((sum, types) => sum + Object.keys(types).length, 0)
    assert.strictEqual(count, 22)
  })

  it("does not compile for combinations that EPX does not know", () => {
    const ach = { ...envelope, method: { kind: "ach", account: "checking" }, bric } as const
    const card = { ...envelope, method: { kind: "card" }, bric } as const
    const illegal: ReadonlyArray<CardRequest | AchRequest | PairRequest> = [
      // @ts-expect-error: ACH has no authorization
      { ...ach, operation: "authorization", amount: cardRequests.CCE2.amount },
      // @ts-expect-error: ACH has no capture
      { ...ach, operation: "capture", amount: cardRequests.CCE2.amount },
      // @ts-expect-error: ACH has no reversal
      { ...ach, operation: "reversal" },
      // @ts-expect-error: a card has no payout
      { ...card, operation: "payout", amount: cardRequests.CCE2.amount },
      // @ts-expect-error: a sale needs an amount
      { ...card, operation: "sale" },
      // @ts-expect-error: a card refund names the pair of its original
      { ...card, operation: "refund", amount: cardRequests.CCE2.amount },
      // @ts-expect-error: a debit names the account holder
      { ...ach, operation: "sale", amount: cardRequests.CCE2.amount },
      // @ts-expect-error: a CCD entry names its receiver
      { ...ach, operation: "storage", holder: { entryClass: "CCD", firstName: "Alex", lastName: "Sample" } },
      // @ts-expect-error: a bare number is not an amount
      { ...card, operation: "capture", amount: 5 }
    ]
    assert.lengthOf(illegal, 9)
  })
})

describe("callLimits", () => {
  it("gives a charge 30 seconds, a timeout reversal 10 and all else 45", () => {
    const { sale, authorization, timeout_reversal, ...others } = callLimits
    assert.deepStrictEqual([sale, authorization, timeout_reversal], [30_000, 30_000, 10_000])
    assert.deepStrictEqual(new Set(Object.values(others)), new Set([45_000]))
  })
})
