import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { TransactionStatus } from "../../../src/domain/Transaction.ts"
import { type Attempt, type Doubt, nextStep } from "../../../src/transactions/doubts/Doubt.ts"

// EPX as its documents describe it, asked by the steps of `nextStep`: what these conclude must be what came about there.

const minutes = 60_000

/** What happens to one request on its way. */
const Way = Schema.Literals(["answered", "answer_lost", "request_lost", "not_sent"])

const Ways = Schema.NonEmptyArray(Schema.Struct({ way: Way, took: upTo(30_000) }))

function upTo(maximum: number) {
  return Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
}

type Answer = Exclude<Attempt["outcome"], "undecided" | "not_sent">

/** Takes every step until nothing follows; null: it was left to people. `carryOut` is EPX, told the time of each request. */
const conclude = (
  start: Partial<Doubt> & Pick<Doubt, "type">,
  ways: typeof Ways.Type,
  carryOut: (at: number) => Answer,
  voidableUntil = Number.POSITIVE_INFINITY
): TransactionStatus | null => {
  let doubt: Doubt = {
    attempts: [],
    age: 0,
    isAnswered: false,
    hasBric: false,
    isRepeatable: false,
    isRefused: false,
    isForced: false,
    isVoidable: true,
    lookups: null,
    ...start
  }
  for (let taken = 0; taken < 1000; taken++) {
    doubt = { ...doubt, isVoidable: doubt.age < voidableUntil }
    const step = nextStep(doubt)
    if (step._tag === "Resolve") return step.status
    if (step._tag === "GiveUp") return null
    const { took, way } = ways[taken % ways.length] ?? ways[0]
    const isArriving = way === "answered" || way === "answer_lost"
    const answer = isArriving ? carryOut(step.at + took) : "undecided"
    const outcome = way === "not_sent" ? "not_sent" : way === "answered" ? answer : "undecided"
    const kind = step._tag === "Reverse" ? "reversal" : "probe"
    doubt = { ...doubt, age: step.at + took, attempts: [...doubt.attempts, { kind, at: step.at, outcome }] }
  }
  return assert.fail("no end in sight")
}

describe("what is concluded of", () => {
  it.prop(
    "a charge leaves no money where it is called reversed or failed",
    { ways: Ways, arrives: Schema.NullOr(upTo(minutes)), age: upTo(2 * minutes) },
    ({ age, arrives, ways }) => {
      const epx = { isReversed: false }
      const status = conclude({ type: "sale", age }, ways, (at) => {
        if (arrives === null || arrives > at) return "not_found"
        epx.isReversed = true
        return "approved"
      })
      if (status === null) return
      assert.strictEqual(status, arrives === null || !epx.isReversed ? "failed" : "reversed")
      assert.isTrue(arrives === null || epx.isReversed)
    },
    { arbitrary: { runs: 500 } }
  )

  it.prop(
    "a capture is that money was taken, once",
    { ways: Ways, isCaptured: Schema.Boolean, age: upTo(10 * minutes), isRefused: Schema.Boolean },
    ({ age, isCaptured, isRefused, ways }) => {
      const epx = { captures: isCaptured ? 1 : 0 }
      const status = conclude({ type: "capture", age }, ways, () => {
        if (epx.captures > 0) return "already_captured"
        if (isRefused) return "refused"
        epx.captures++
        return "approved"
      })
      assert.isAtMost(epx.captures, 1)
      if (status !== null) assert.deepStrictEqual([status, epx.captures], ["approved", 1])
    },
    { arbitrary: { runs: 500 } }
  )

  it.prop(
    "a void is whether it was carried out",
    {
      ways: Ways,
      isVoided: Schema.Boolean,
      isIssuerRefusing: Schema.Boolean,
      isForced: Schema.Boolean,
      closesAt: upTo(60 * minutes),
      age: upTo(10 * minutes)
    },
    ({ age, closesAt, isForced, isIssuerRefusing, isVoided, ways }) => {
      // The reversal by which the void began: carried out, lost on the way, or refused by the issuer.
      const epx = { isVoided: isVoided && !isIssuerRefusing }
      const isRefused = isIssuerRefusing
      const status = conclude(
        { type: "void", age, isRefused, isForced, isAnswered: isRefused },
        ways,
        (at) => {
          if (epx.isVoided || at >= closesAt) return "refused"
          epx.isVoided = true
          return "approved"
        },
        closesAt - 5 * minutes
      )
      if (status !== null) assert.strictEqual(status, epx.isVoided ? "approved" : "rejected")
    },
    { arbitrary: { runs: 500 } }
  )
})
