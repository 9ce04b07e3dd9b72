import { assert, describe, it } from "@effect/vitest"
import { makeFreshness } from "../../../src/postgres/Freshness.ts"
import { isReplicaOf, type Standing } from "../../../src/postgres/Standing.ts"

const primary: Standing = { system: "1", database: "5", started: 10.5, is_standby: false, position: 100 }

describe("a server", () => {
  it.each([
    ["a standby of it", { is_standby: true, started: 11 }, true],
    ["itself", {}, true],
    ["a standby that was promoted", { started: 11 }, false],
    ["of another system", { is_standby: true, system: "2" }, false],
    ["another database of a standby", { is_standby: true, database: "6" }, false]
  ] as const)("is a replica or is none: %s", (_, change, isReplica) => {
    assert.strictEqual(isReplicaOf({ ...primary, ...change }, primary), isReplica)
  })
})

describe("how old a replica is", () => {
  it("is not known before it has had all that there was", () => {
    const { age_ms, current_ms, isCurrent, seen } = makeFreshness(1_000)
    seen({ at_ms: 2_000, position: 100 }, 99)
    assert.strictEqual(current_ms(), Number.NEGATIVE_INFINITY)
    assert.deepStrictEqual([isCurrent(), age_ms(4_000)], [false, 3_000])
  })

  it("is counted from when it had all, and ends when it has all again", () => {
    const { age_ms, current_ms, isCurrent, seen } = makeFreshness(0)
    seen({ at_ms: 1_000, position: 100 }, 100)
    assert.deepStrictEqual([current_ms(), isCurrent()], [1_000, true])
    seen({ at_ms: 2_000, position: 200 }, 100)
    seen({ at_ms: 3_000, position: 300 }, 150)
    assert.deepStrictEqual([current_ms(), isCurrent(), age_ms(3_500)], [1_000, false, 2_500])
    seen({ at_ms: 4_000, position: 400 }, 250)
    assert.deepStrictEqual([current_ms(), isCurrent(), age_ms(4_500)], [2_000, false, 2_500])
    seen({ at_ms: 5_000, position: 400 }, 400)
    assert.deepStrictEqual([current_ms(), isCurrent()], [5_000, true])
  })

  it("is forgotten of times long ago, and never thought better for that", () => {
    const { current_ms, seen } = makeFreshness(0)
    for (let second = 1; second <= 1_000; second++) seen({ at_ms: second * 1_000, position: second }, 0)
    assert.strictEqual(current_ms(), Number.NEGATIVE_INFINITY)
    seen({ at_ms: 1_001_000, position: 1_001 }, 990)
    assert.strictEqual(current_ms(), 990_000)
  })
})
