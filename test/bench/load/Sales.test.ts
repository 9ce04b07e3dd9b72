import { assert, describe, it } from "@effect/vitest"
import { makeSale } from "./Sales.ts"

describe("Sales", () => {
  const brics = ["a", "b", "c", "d"]
  const sales = Array.from({ length: 100_000 }, (_, n) => makeSale(n, brics))

  it("avoids the amounts that the sandbox declines", () => {
    const isTrigger = (amount: number) => amount % 1_000 >= 100 && amount % 1_000 <= 199
    const isOdd = (amount: number) => !Number.isInteger(amount) || amount < 200 || amount >= 100_000
    assert.deepStrictEqual(
      sales.filter(({ amount }) => isTrigger(amount) || isOdd(amount)),
      []
    )
  })

  it("says in the body what it is, with all BRICs in turn", () => {
    for (const [n, { amount, body }] of sales.slice(0, 8).entries()) {
      assert.deepStrictEqual(JSON.parse(body), {
        amount,
        currency: "USD",
        capture: true,
        source: { bric: brics[n % 4] }
      })
    }
  })
})
