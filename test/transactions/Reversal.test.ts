import { assert, describe, it } from "@effect/vitest"
import { Duration, Schema } from "effect"
import { epxReversalWindow, reversalLimit, reversalWindow } from "../../src/transactions/Deadlines.ts"
import { nextStep, type ReversalAttempt } from "../../src/transactions/Reversal.ts"

const denied = (at: number): ReversalAttempt => ({ at: at * 1000, outcome: "not_found" })
const undecided = (at: number): ReversalAttempt => ({ at: at * 1000, outcome: "undecided" })
const approved = (at: number): ReversalAttempt => ({ at: at * 1000, outcome: "approved" })
const send = (at: number) => ({ _tag: "Send" as const, at: at * 1000 })

const stepAfter = (attempts: ReadonlyArray<ReversalAttempt>, age: number) =>
  nextStep({ attempts, age: age * 1000, isAnswered: false })

describe("nextStep", () => {
  it("sends the first reversal at once", () => {
    assert.deepStrictEqual(stepAfter([], 0.1), send(0.1))
    assert.deepStrictEqual(stepAfter([], 30), send(30))
  })

  it("ends with the first approval, whatever came before", () => {
    assert.deepStrictEqual(stepAfter([denied(30), approved(50)], 51), { _tag: "Resolve", status: "reversed" })
    assert.deepStrictEqual(stepAfter([approved(50), denied(110)], 111), { _tag: "Resolve", status: "reversed" })
  })

  it("does not believe one denial, nor any number of them within a minute", () => {
    assert.deepStrictEqual(stepAfter([denied(0)], 0.2), send(20))
    assert.deepStrictEqual(stepAfter([denied(0), denied(20)], 20.1), send(40))
    assert.deepStrictEqual(stepAfter([denied(0), denied(20), denied(40), denied(59.999)], 60), send(79.999))
  })

  it("believes two denials that are a minute apart", () => {
    assert.deepStrictEqual(stepAfter([denied(30), undecided(50), denied(90)], 90.1), {
      _tag: "Resolve",
      status: "failed"
    })
  })

  it("leaves to people a denial of what EPX has answered before", () => {
    const attempts = [denied(30), denied(90)]
    assert.deepStrictEqual(nextStep({ attempts, age: 90_100, isAnswered: true }), { _tag: "GiveUp" })
  })

  it("tries again soon when nothing was sent", () => {
    assert.deepStrictEqual(stepAfter([{ at: 0, outcome: "not_sent" }], 0.1), send(5))
  })

  it("sends a reversal that is overdue at once", () => {
    assert.deepStrictEqual(stepAfter([denied(30)], 75), send(75))
  })

  it("gives up where EPX would no longer listen", () => {
    assert.deepStrictEqual(stepAfter([], 110), { _tag: "GiveUp" })
    assert.deepStrictEqual(stepAfter([undecided(100)], 100.1), { _tag: "GiveUp" })
  })

  const Attempts = Schema.Array(
    Schema.Struct({
      at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 119_999 })),
      outcome: Schema.Literals(["approved", "not_found", "not_sent", "undecided"])
    })
  )
  const Age = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))

  it.prop("never sends outside EPX's window, nor in the past", [Attempts, Age], ([attempts, age]) => {
    const step = nextStep({ attempts, age, isAnswered: false })
    if (step._tag !== "Send") return
    assert.isAtLeast(step.at, age)
    assert.isBelow(step.at, Duration.toMillis(reversalWindow))
    assert.isAtMost(step.at + Duration.toMillis(reversalLimit), Duration.toMillis(epxReversalWindow))
  })

  it.prop("calls a payment failed only on two denials a minute apart", [Attempts, Age], ([attempts, age]) => {
    const step = nextStep({ attempts, age, isAnswered: false })
    const denials = attempts.filter(({ outcome }) => outcome === "not_found").map(({ at }) => at)
    const isProved = denials.some((first) => denials.some((second) => second - first >= 60_000))
    const isApproved = attempts.some(({ outcome }) => outcome === "approved")
    assert.strictEqual(step._tag === "Resolve" && step.status === "failed", isProved && !isApproved)
    assert.strictEqual(step._tag === "Resolve" && step.status === "reversed", isApproved)
  })
})
