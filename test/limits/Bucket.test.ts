import { assert, describe, it } from "@effect/vitest"
import { Bucket } from "../../src/limits/Bucket.ts"

describe("what is leased of a limit", () => {
  it("is spent one by one, and forgotten after two seconds", () => {
    const bucket = new Bucket(100)
    assert.isFalse(bucket.spend(0))
    bucket.fill({ granted: 2, left: 50, rate: 100 }, 0)
    assert.isTrue(bucket.spend(1))
    assert.deepInclude(bucket.told(true, 1), { isAllowed: true, rate: 100, remaining: 51 })
    assert.isTrue(bucket.spend(1_999))
    assert.isFalse(bucket.spend(1_999))
    bucket.fill({ granted: 2, left: 50, rate: 100 }, 2_000)
    assert.isFalse(bucket.spend(4_000))
  })

  it("is not asked for again before one more can be there", () => {
    const bucket = new Bucket(2)
    bucket.fill({ granted: 0, left: 0.5, rate: 2 }, 1_000)
    assert.isTrue(bucket.isClosed(1_249))
    assert.isFalse(bucket.isClosed(1_250))
    assert.deepInclude(bucket.told(false, 1_000), { isAllowed: false, remaining: 0, retryAfter_s: 1 })
  })

  it("is not waited for in crumbs: with the last of it, whoever comes next is refused", () => {
    const bucket = new Bucket(1_000)
    bucket.fill({ granted: 1, left: 0.9, rate: 1_000 }, 0)
    assert.isTrue(bucket.spend(0))
    assert.isFalse(bucket.spend(0))
    assert.isTrue(bucket.isClosed(9))
    assert.isFalse(bucket.isClosed(10))
  })

  it("is without bounds for a second where nobody can say", () => {
    const bucket = new Bucket(1)
    bucket.open(0)
    for (let n = 0; n < 1_000; n++) assert.isTrue(bucket.spend(999))
    assert.strictEqual(bucket.told(true, 999).remaining, 1)
    assert.isFalse(bucket.spend(1_000))
  })
})
