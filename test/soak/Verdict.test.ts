import { assert, describe, it } from "@effect/vitest"
import type { Reading } from "./Reading.ts"
import { allowed, growth } from "./Verdict.ts"

const warm: Reading = {
  minute: 2,
  payments: 1_000,
  heap: 50,
  resident: 170,
  descriptors: 41,
  handles: 24,
  fibers: 16,
  cached: 1,
  inFlight: 0
}

const last = (change: Partial<Reading>): Reading => ({ ...warm, minute: 6, payments: 3_000, ...change })

describe("Verdict", () => {
  it("has nothing against what stays, or falls", () => {
    assert.deepStrictEqual(growth(warm, [last({})]), [])
    assert.deepStrictEqual(growth(warm, [last({ heap: 40, resident: 100, descriptors: 30, fibers: 2, cached: 0 })]), [])
  })

  it.each(["heap", "resident", "descriptors", "handles", "fibers", "cached"] as const)("lets %s not grow", (figure) => {
    const most = (warm[figure] ?? 0) + allowed[figure]
    assert.deepStrictEqual(growth(warm, [last({ [figure]: most })]), [])
    assert.lengthOf(growth(warm, [last({ [figure]: most + 1 })]), 1)
  })

  it("says what grew, from where to where", () => {
    assert.deepStrictEqual(growth(warm, [last({}), last({ heap: 61.24 })]), [
      "MB of heap grew from 50 to 61.2, by more than 10"
    ])
  })

  it("lets a figure rise for a while that is back in the end", () => {
    assert.deepStrictEqual(growth(warm, [last({ descriptors: 400 }), last({})]), [])
  })

  it("wants nothing in flight at any rest", () => {
    assert.lengthOf(growth({ ...warm, inFlight: 1 }, [last({ inFlight: 2 }), last({})]), 2)
  })

  it("judges without what the system does not tell", () => {
    const blind = { descriptors: undefined, resident: undefined }
    assert.deepStrictEqual(growth({ ...warm, ...blind }, [last(blind)]), [])
  })

  it("needs a reading after the warm-up", () => {
    assert.lengthOf(growth(warm, []), 1)
  })
})
