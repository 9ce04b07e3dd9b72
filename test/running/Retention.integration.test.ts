import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit } from "effect"
import { makeFibers } from "../../src/running/Fibers.ts"
import { makeTimer } from "../../src/running/Timer.ts"

setFlagsFromString("--expose-gc")
const collect: (options: { readonly type: "major" | "minor" }) => void = runInNewContext("gc")

const inFlight = 64
const rounds = 200
const weight = 4_000

/**
 * Of so many that come and go, never all of them at once, what collections of young objects only leave behind, in MB.
 *
 * Stretch by stretch, since V8 may begin a collection of everything in the midst of it: what that takes away is not to
 * count against what the other stretches have left.
 */
const keptOf = (begin: (load: ReadonlyArray<number>) => () => void): number => {
  const burden = () => new Array<number>(weight / 8).fill(0.5)
  const underWay = Array.from({ length: inFlight }, () => begin(burden()))
  collect({ type: "major" })
  let before = process.memoryUsage().heapUsed
  let kept = 0
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < inFlight; n++) {
      const end = underWay[n]
      underWay[n] = begin(burden())
      end?.()
    }
    if (round % 10 !== 9) continue
    collect({ type: "minor" })
    const after = process.memoryUsage().heapUsed
    kept += Math.max(after - before, 0)
    before = after
  }
  for (const end of underWay) end()
  return kept / 1e6
}

const all = (inFlight * rounds * weight) / 1e6

describe("MEM-TEST: what is over", () => {
  it("would be kept by a set", () => {
    const set = new Set<object>()
    const kept = keptOf((load) => {
      const one = { load }
      set.add(one)
      return () => void set.delete(one)
    })
    assert.isAbove(kept, 0.5 * all)
  })

  it.effect("is not kept by a timer", () =>
    Effect.gen(function* () {
      const timer = yield* makeTimer
      assert.isBelow(
        keptOf((load) => timer(60_000, () => void load.length)),
        0.1 * all
      )
    })
  )

  it.effect("is not kept by fibers", () =>
    Effect.gen(function* () {
      const fibers = yield* makeFibers
      const kept = keptOf((load) => {
        const done = Deferred.makeUnsafe<ReadonlyArray<number>>()
        fibers.fork(Deferred.await(done))
        return () => Deferred.doneUnsafe(done, Exit.succeed(load))
      })
      assert.isBelow(kept, 0.1 * all)
    })
  )
})
