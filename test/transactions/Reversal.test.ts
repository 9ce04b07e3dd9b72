import { assert, describe, it } from "@effect/vitest"
import { Duration, Schema } from "effect"
import { epxReversalWindow, reversalLimit, reversalWindow } from "../../src/transactions/Deadlines.ts"
import { nextStep, type ReversalAttempt } from "../../src/transactions/Reversal.ts"

const denied = (at: number): ReversalAttempt => ({ at: at * 1000, outcome: "not_found" })
const undecided = (at: number): ReversalAttempt => ({ at: at * 1000, outcome: "undecided" })
const approved = (at: number): ReversalAttempt => ({ at: at * 1000, outcome: "approved" })
const send = (at: number) => ({ _tag: "Send" as const, at: at * 1000 })

describe("nextStep", () => {
  it("sends the first reversal at once", () => {
    assert.deepStrictEqual(nextStep([], 100), { _tag: "Send", at: 100 })
    assert.deepStrictEqual(nextStep([], 30_000), send(30))
  })

  it("ends with the first approval, whatever came before", () => {
    assert.deepStrictEqual(nextStep([denied(30), approved(50)], 51_000), { _tag: "Resolve", status: "reversed" })
    assert.deepStrictEqual(nextStep([approved(50), denied(110)], 111_000), { _tag: "Resolve", status: "reversed" })
  })

  it("does not believe one denial, nor two of the same minute", () => {
    assert.deepStrictEqual(nextStep([denied(0.1)], 200), { _tag: "Send", at: 20_100 })
    assert.deepStrictEqual(nextStep([denied(0), denied(20)], 20_100), send(60))
    assert.deepStrictEqual(nextStep([denied(0), denied(59.999)], 59_999), send(60))
  })

  it("believes two denials that are a minute apart", () => {
    assert.deepStrictEqual(nextStep([denied(30), undecided(50), denied(90)], 90_100), {
      _tag: "Resolve",
      status: "failed"
    })
  })

  it("goes on to 80 and 100 seconds when the last ones decided nothing", () => {
    assert.deepStrictEqual(nextStep([undecided(0), denied(20), denied(60)], 60_100), send(80))
    assert.deepStrictEqual(nextStep([undecided(0), undecided(20), undecided(60), denied(80)], 80_100), send(100))
  })

  it("sends a reversal that is overdue at once", () => {
    assert.deepStrictEqual(nextStep([denied(30)], 75_000), send(75))
  })

  it("gives up where EPX would no longer listen", () => {
    assert.deepStrictEqual(nextStep([], 110_000), { _tag: "GiveUp" })
    assert.deepStrictEqual(nextStep([undecided(100)], 100_100), { _tag: "GiveUp" })
    assert.deepStrictEqual(nextStep([0, 20, 60, 80, 100].map(undecided), 100_100), { _tag: "GiveUp" })
  })

  const Attempt = Schema.Struct({
    at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 119_999 })),
    outcome: Schema.Literals(["approved", "not_found", "undecided"])
  })
  const Now = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))

  it.prop("never sends outside EPX's window, nor in the past", [Schema.Array(Attempt), Now], ([attempts, now]) => {
    const step = nextStep(attempts, now)
    if (step._tag !== "Send") return
    assert.isAtLeast(step.at, now)
    assert.isBelow(step.at, Duration.toMillis(reversalWindow))
    assert.isBelow(step.at + Duration.toMillis(reversalLimit), Duration.toMillis(epxReversalWindow) + 1)
  })

  it.prop(
    "calls a payment failed only on two denials a minute apart",
    [Schema.Array(Attempt), Now],
    ([attempts, now]) => {
      const step = nextStep(attempts, now)
      const denials = attempts.filter(({ outcome }) => outcome === "not_found").map(({ at }) => at)
      const isProved = denials.some((first) => denials.some((second) => second - first >= 60_000))
      const isApproved = attempts.some(({ outcome }) => outcome === "approved")
      assert.strictEqual(step._tag === "Resolve" && step.status === "failed", isProved && !isApproved)
      assert.strictEqual(step._tag === "Resolve" && step.status === "reversed", isApproved)
    }
  )
})
