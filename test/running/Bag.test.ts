import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Bag } from "../../src/running/Bag.ts"

/** Null puts the next one in, a number takes one out that is inside. */
const Steps = Schema.Array(Schema.NullOr(Schema.Natural)).check(Schema.isMaxLength(60))

describe("a bag", () => {
  it.prop("holds what was put in and has not been taken out, in whichever order that happens", [Steps], ([steps]) => {
    const bag = new Bag<number>()
    const inside = new Map<number, () => boolean>()
    const used: Array<() => boolean> = []
    steps.forEach((step, n) => {
      if (step === null) {
        inside.set(n, bag.put(n))
        return
      }
      const [item, take] = [...inside][step % Math.max(1, inside.size)] ?? []
      if (item === undefined || take === undefined) return
      assert.isTrue(take())
      inside.delete(item)
      used.push(take)
    })
    for (const take of used) assert.isFalse(take())
    assert.deepStrictEqual(new Set(bag), new Set(inside.keys()))
    assert.strictEqual(bag.size, inside.size)
  })
})
