import { assert, describe, it } from "@effect/vitest"
import { DeclineLevel } from "../../src/limits/DeclineLevel.ts"

const minute = 60_000

describe("the declines of one subject", () => {
  it("let no more be charged once there is no room for another one", () => {
    const level = new DeclineLevel(10, 0)
    for (let n = 0; n < 9; n++) level.count(n)
    assert.strictEqual(level.wait_ms(9), 0)
    level.count(9)
    assert.isAbove(level.wait_ms(9), 0)
  })

  it("leak away, one by one, all of a limit in ten minutes", () => {
    const level = new DeclineLevel(10, 0)
    for (let n = 0; n < 10; n++) level.count(0)
    assert.strictEqual(level.wait_ms(0), minute)
    assert.approximately(level.wait_ms(minute - 1), 1, 1e-6)
    assert.strictEqual(level.wait_ms(minute), 0)
    level.count(minute)
    assert.strictEqual(level.wait_ms(minute), minute)
    assert.isFalse(level.isEmpty(11 * minute - 1))
    assert.isTrue(level.isEmpty(11 * minute))
  })

  it("of one that may have one wait for all ten minutes", () => {
    const level = new DeclineLevel(1, 0)
    level.count(0)
    assert.strictEqual(level.wait_ms(0), 10 * minute)
    assert.strictEqual(level.wait_ms(10 * minute), 0)
  })

  it("block for ten minutes at most, however many were on their way together", () => {
    const level = new DeclineLevel(10, 0)
    for (let n = 0; n < 1_000; n++) level.count(0)
    assert.strictEqual(level.wait_ms(0), 10 * minute)
    level.learn(1_000, 10, 0)
    assert.strictEqual(level.wait_ms(0), 10 * minute)
  })

  it("are told once, and those that come meanwhile count beside what was learnt", () => {
    const level = new DeclineLevel(10, 0)
    level.count(0)
    level.count(0)
    assert.strictEqual(level.tell(), 2)
    assert.isTrue(level.isTold)
    level.count(0)
    level.learn(8.5, 10, 0)
    assert.strictEqual(level.wait_ms(0), minute / 2)
    assert.isFalse(level.isTold)
    assert.strictEqual(level.tell(), 1)
    assert.strictEqual(level.tell(), 0)
  })

  it("are judged by the limit that was learnt", () => {
    const level = new DeclineLevel(10, 0)
    for (let n = 0; n < 10; n++) level.count(0)
    level.tell()
    level.learn(10, 20, 0)
    assert.strictEqual(level.wait_ms(0), 0)
    level.learn(10, 5, 0)
    assert.strictEqual(level.wait_ms(0), 10 * minute)
  })
})
