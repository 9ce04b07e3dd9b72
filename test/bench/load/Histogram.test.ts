import { assert, describe, it } from "@effect/vitest"
import { Histogram } from "./Histogram.ts"

const histogramOf = (values: ReadonlyArray<number>) => {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe("Histogram", () => {
  it("is within two percent of the sorted values, and never below them", () => {
    const values = Array.from({ length: 10_000 }, (_, n) => 0.05 + ((n * 7_919) % 10_000) ** 1.3 / 100)
    const sorted = values.toSorted((a, b) => a - b)
    const histogram = histogramOf(values)
    for (const share of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
      assert.isAtLeast(histogram.quantile(share), exact * (1 - 1e-9), `${share}`)
      assert.isAtMost(histogram.quantile(share), exact * 1.02, `${share}`)
    }
  })

  it("keeps the greatest value as it is", () => {
    assert.strictEqual(histogramOf([1, 2, 1_234.567]).summary().max, 1_234.567)
    assert.strictEqual(histogramOf([1_234.567]).quantile(0.99), 1_234.567)
  })

  it("has no quantile of nothing", () => {
    assert.isNaN(new Histogram().quantile(0.5))
  })
})
