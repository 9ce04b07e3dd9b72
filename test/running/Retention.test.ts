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

/** Of so many that come and go, never all of them at once, what is there after collections of young objects only, in MB. */
const keptOf = (begin: (load: ReadonlyArray<number>) => () => void): number => {
  const burden = () => new Array<number>(weight / 8).fill(0.5)
  const underWay = Array.from({ length: inFlight }, () => begin(burden()))
  collect({ type: "major" })
  const before = process.memoryUsage().heapUsed
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < inFlight; n++) {
      const end = underWay[n]
      underWay[n] = begin(burden())
      end?.()
    }
    if (round % 10 === 9) collect({ type: "minor" })
  }
  const kept = (process.memoryUsage().heapUsed - before) / 1e6
  for (const end of underWay) end()
  return kept
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
