import { assert, describe, it } from "@effect/vitest"
import { Tally } from "./Tally.ts"

const open = { kind: "open", perSecond: 100, maxInFlight: 100 } as const
const closed = { kind: "closed", inFlight: 1 } as const
const bounded = { ...closed, total: 200 } as const

/** Plays requests, as pairs of the times they were due and answered, on a clock of its own. */
const play = (
  arrivals: typeof open | typeof closed | typeof bounded,
  requests: ReadonlyArray<readonly [due: number, answered: number]>
) => {
  let now = 0
  const tally = new Tally({ warmup: 1_000, measure: 2_000, arrivals }, () => now)
  for (const [due, answered] of requests) {
    now = answered
    tally.answered(due, { id: `pay_${due}`, cents: 100 })
  }
  return tally.result()
}

const every = (step: number, count: number, delay: number) =>
  Array.from({ length: count }, (_, n) => [n * step, n * step + delay] as const)

describe("Tally", () => {
  it("has the arrival rate as the rate of one that keeps up, however slow the gateway", () => {
    for (const delay of [1, 350]) {
      const { rate, latency } = play(open, every(10, 300, delay))
      assert.approximately(rate, 100, 0.001)
      assert.approximately(latency.p50, delay, delay * 0.02)
    }
  })

  it("has the service rate as the rate of one that falls behind", () => {
    const requests = Array.from({ length: 300 }, (_, n) => [n * 10, n * 20] as const)
    const { rate, latency } = play(open, requests)
    assert.approximately(rate, 50, 0.001)
    assert.strictEqual(latency.max, 2_990)
  })

  it("has no more than the arrival rate while a backlog is worked off", () => {
    const requests = Array.from({ length: 300 }, (_, n) => [n * 10, 1_500 + n * 6] as const)
    assert.strictEqual(play(open, requests).rate, 100)
  })

  it("counts what was due in the measured time and answered after it, and nothing of the warm-up", () => {
    const { latency, answers } = play(open, [
      [999, 2_500],
      [1_000, 1_001],
      [2_999, 7_999]
    ])
    assert.strictEqual(latency.max, 5_000)
    assert.deepStrictEqual(answers, { count: 3, cents: 300 })
  })

  it("counts, in the closed model, the answers inside the measured time", () => {
    const { rate, answers } = play(closed, every(10, 400, 5))
    assert.strictEqual(rate, 100)
    assert.strictEqual(answers.count, 400)
  })

  it("counts, of a total, up to the last answer", () => {
    const { rate } = play(bounded, every(10, 200, 10))
    assert.approximately(rate, 100, 1)
  })

  it("keeps the waits of what was turned away apart from those of good answers", () => {
    let now = 0
    const tally = new Tally({ warmup: 1_000, measure: 2_000, arrivals: open }, () => now)
    for (const [due, wait] of [
      [500, 70],
      [1_500, 3],
      [1_600, 3],
      [2_999, 3]
    ] as const) {
      now = due + wait
      tally.refused(due)
    }
    now = 1_800
    tally.answered(1_700, { id: "pay_1", cents: 100 })
    const { refusals, latency, answers } = tally.result()
    assert.strictEqual(refusals.count, 4)
    assert.deepStrictEqual([refusals.latency.p50, refusals.latency.max, latency.max], [3, 3, 100])
    assert.strictEqual(answers.count, 1)
  })

  it("keeps the last thousand payments", () => {
    const { ids } = play(closed, every(1, 1_500, 1))
    assert.strictEqual(ids.length, 1_000)
    assert.include(ids, "pay_1499")
    assert.notInclude(ids, "pay_499")
  })
})
