import { assert, describe, it } from "@effect/vitest"
import { Duration, Schema } from "effect"
import { canBecome, TransactionStatus } from "../../../src/domain/Transaction.ts"
import { epxReversalWindow, reversalLimit, reversalWindow } from "../../../src/transactions/Deadlines.ts"
import { type Attempt, attemptOf, type Doubt, nextStep } from "../../../src/transactions/doubts/Doubt.ts"

const seconds = 1000
const minutes = 60 * seconds
const hours = 60 * minutes

const reversal = (at: number, outcome: Attempt["outcome"]): Attempt => ({ kind: "reversal", at: at * seconds, outcome })
const probe = (at: number, outcome: Attempt["outcome"]): Attempt => ({ kind: "probe", at: at * seconds, outcome })
const denied = (at: number) => reversal(at, "not_found")
const undecided = (at: number) => reversal(at, "undecided")
const approved = (at: number) => reversal(at, "approved")

const giveUp = { _tag: "GiveUp" } as const
const step = (_tag: "Reverse" | "Probe" | "LookUp", at: number) => ({ _tag, at: at * seconds })
const resolve = (status: TransactionStatus, by: "reversal" | "probe") => ({ _tag: "Resolve" as const, status, by })

const plain: Doubt = {
  type: "sale",
  attempts: [],
  age: 0,
  isAnswered: false,
  hasBric: false,
  isRepeatable: false,
  isRefused: false,
  isForced: false,
  isVoidable: true,
  lookups: null
}

/** `age` is in seconds. */
const stepOf = (type: Doubt["type"], attempts: ReadonlyArray<Attempt>, age: number, rest: Partial<Doubt> = {}) =>
  nextStep({ ...plain, type, attempts, age: age * seconds, ...rest })

describe.each(["sale", "authorization"] as const)("nextStep of a %s", (type) => {
  const stepAfter = (attempts: ReadonlyArray<Attempt>, age: number, rest: Partial<Doubt> = {}) =>
    stepOf(type, attempts, age, rest)

  it("sends the first reversal at once", () => {
    assert.deepStrictEqual(stepAfter([], 0.1), step("Reverse", 0.1))
    assert.deepStrictEqual(stepAfter([], 30), step("Reverse", 30))
  })

  it("ends with the first approval, whatever came before or after", () => {
    const reversed = resolve("reversed", "reversal")
    assert.deepStrictEqual(stepAfter([denied(30), approved(50)], 51), reversed)
    assert.deepStrictEqual(stepAfter([approved(50), denied(110)], 111), reversed)
    assert.deepStrictEqual(stepAfter([denied(20), denied(90), approved(95)], 96), reversed)
  })

  it("does not believe one denial, nor any number of them within a minute", () => {
    assert.deepStrictEqual(stepAfter([denied(0)], 0.2), step("Reverse", 20))
    assert.deepStrictEqual(stepAfter([denied(0), denied(20)], 20.1), step("Reverse", 40))
    const many = [denied(0), denied(20), denied(40), denied(59.999)]
    assert.deepStrictEqual(stepAfter(many, 60), step("Reverse", 60))
  })

  it("asks for the confirmation of a denial in time, as after the lease of a process that died", () => {
    assert.deepStrictEqual(stepAfter([denied(47), denied(69), denied(90)], 90.1), step("Reverse", 107))
    assert.deepStrictEqual(stepAfter([denied(47), denied(69), undecided(107)], 107.1), giveUp)
  })

  it("believes two denials that are a minute apart", () => {
    assert.deepStrictEqual(stepAfter([denied(30), undecided(50), denied(90)], 90.1), resolve("failed", "reversal"))
    assert.deepStrictEqual(stepAfter([denied(90), denied(30)], 90.1), resolve("failed", "reversal"))
  })

  it("does not believe a denial of what EPX has answered before", () => {
    const denials = [denied(30), denied(90)]
    assert.deepStrictEqual(stepAfter(denials, 90.1, { isAnswered: true }), giveUp)
    assert.deepStrictEqual(stepAfter(denials, 90.1, { isAnswered: true, lookups: 0 }), step("LookUp", 90.1))
    const voidable = { isAnswered: true, hasBric: true, lookups: 0 }
    assert.deepStrictEqual(stepAfter(denials, 90.1, voidable), step("Probe", 90.1))
  })

  it("tries again soon when nothing was sent", () => {
    assert.deepStrictEqual(stepAfter([reversal(0, "not_sent")], 0.1), step("Reverse", 5))
  })

  it("waits from the last reversal on, in whatever order they are told", () => {
    assert.deepStrictEqual(stepAfter([undecided(50), reversal(5, "not_sent")], 51), step("Reverse", 70))
    assert.deepStrictEqual(stepAfter([reversal(5, "not_sent"), undecided(50)], 51), step("Reverse", 70))
  })

  it("sends a reversal that is overdue at once", () => {
    assert.deepStrictEqual(stepAfter([denied(30)], 75), step("Reverse", 75))
  })

  it("sends none where EPX would no longer listen", () => {
    assert.deepStrictEqual(stepAfter([], 109.999), step("Reverse", 109.999))
    assert.deepStrictEqual(stepAfter([], 110), giveUp)
    assert.deepStrictEqual(stepAfter([undecided(89.999)], 90), step("Reverse", 109.999))
    assert.deepStrictEqual(stepAfter([undecided(90)], 90.1), step("Reverse", 105))
    assert.deepStrictEqual(stepAfter([undecided(90)], 106), step("Reverse", 106))
    assert.deepStrictEqual(stepAfter([undecided(105)], 105.1), giveUp)
  })

  it("voids by its token what could not be reversed", () => {
    const late = [undecided(100)]
    assert.deepStrictEqual(stepAfter(late, 110, { hasBric: true }), step("Probe", 110))
    assert.deepStrictEqual(
      stepAfter([...late, probe(110, "approved")], 111, { hasBric: true }),
      resolve("reversed", "probe")
    )
    // An issuer's refusal says nothing about whether it stands, and a second void would say nothing more.
    const refused = [...late, probe(110, "refused")]
    assert.deepStrictEqual(stepAfter(refused, 111, { hasBric: true }), giveUp)
    assert.deepStrictEqual(stepAfter(refused, 125, { hasBric: true, lookups: 0 }), step("LookUp", 125))
  })

  it("voids nothing while a reversal may still do it", () => {
    assert.deepStrictEqual(stepAfter([undecided(20)], 21, { hasBric: true }), step("Reverse", 40))
  })
})

describe("nextStep of a capture", () => {
  it("asks by a second capture at once", () => {
    assert.deepStrictEqual(stepOf("capture", [], 3), step("Probe", 3))
  })

  it("was carried out if the second one was, or was refused for that reason", () => {
    for (const outcome of ["approved", "already_captured"] as const) {
      assert.deepStrictEqual(stepOf("capture", [probe(3, outcome)], 4), resolve("approved", "probe"))
      const later = [probe(3, "undecided"), probe(23, outcome)]
      assert.deepStrictEqual(stepOf("capture", later, 24), resolve("approved", "probe"))
    }
  })

  it("is left to look-ups and people when the second one was refused for another reason", () => {
    assert.deepStrictEqual(stepOf("capture", [probe(3, "refused")], 4), giveUp)
    assert.deepStrictEqual(stepOf("capture", [probe(3, "refused")], 4, { lookups: 0 }), step("LookUp", 30))
  })

  it("asks again after longer and longer pauses, and then no more", () => {
    const sent = [3]
    for (const pause of [20, 40, 240, 1500]) {
      const last = sent.at(-1) ?? 0
      const asked = sent.map((at) => probe(at, "undecided"))
      assert.deepStrictEqual(stepOf("capture", asked, last + 1), step("Probe", last + pause))
      sent.push(last + pause)
    }
    const asked = sent.map((at) => probe(at, "undecided"))
    assert.deepStrictEqual(stepOf("capture", asked, 1804), giveUp)
    assert.deepStrictEqual(stepOf("capture", asked, 1804, { lookups: 3 }), step("LookUp", 3600))
  })

  it("asks again what could not be sent, less and less often, for a day", () => {
    assert.deepStrictEqual(stepOf("capture", [probe(3, "not_sent")], 4), step("Probe", 8))
    // What was not sent does not count among those that were.
    const mixed = [probe(3, "undecided"), probe(23, "not_sent"), probe(28, "undecided")]
    assert.deepStrictEqual(stepOf("capture", mixed, 29), step("Probe", 68))
    const unsent = Array.from({ length: 100 }, () => probe(10, "not_sent"))
    assert.deepStrictEqual(stepOf("capture", unsent.slice(0, 3), 11), step("Probe", 25))
    assert.deepStrictEqual(stepOf("capture", unsent, 11), step("Probe", 310))
    const day = 24 * 3600
    assert.deepStrictEqual(stepOf("capture", [probe(day, "not_sent")], day + 1), step("Probe", day + 5))
    assert.deepStrictEqual(stepOf("capture", [probe(day + 0.001, "not_sent")], day + 1), giveUp)
  })

  it("is only looked up where a second one would take the money again", () => {
    assert.deepStrictEqual(stepOf("capture", [], 3, { isRepeatable: true }), giveUp)
    assert.deepStrictEqual(stepOf("capture", [], 3, { isRepeatable: true, lookups: 0 }), step("LookUp", 30))
  })
})

describe("nextStep of a void", () => {
  it("asks by a second void at once", () => {
    assert.deepStrictEqual(stepOf("void", [], 3), step("Probe", 3))
    assert.deepStrictEqual(stepOf("void", [], 3, { isVoidable: false, lookups: 0 }), step("Probe", 3))
  })

  it("is done once a second one was approved", () => {
    for (const isRefused of [true, false]) {
      for (const isVoidable of [true, false]) {
        const asked = [probe(3, "undecided"), probe(23, "approved")]
        assert.deepStrictEqual(stepOf("void", asked, 24, { isRefused, isVoidable }), resolve("approved", "probe"))
      }
    }
  })

  it("was carried out if the second one is refused while the batch is open", () => {
    assert.deepStrictEqual(stepOf("void", [probe(3, "refused")], 4), resolve("approved", "probe"))
  })

  it("may have come too late if the second one is refused after the batch has closed", () => {
    assert.deepStrictEqual(stepOf("void", [probe(3, "refused")], 4, { isVoidable: false }), giveUp)
    const lookedUp = stepOf("void", [probe(3, "refused")], 4, { isVoidable: false, lookups: 0 })
    assert.deepStrictEqual(lookedUp, step("LookUp", 30))
  })

  it("is refused if nothing of it was lost and the second one is refused as well", () => {
    const rest = { isRefused: true, isAnswered: true }
    assert.deepStrictEqual(stepOf("void", [probe(3, "refused")], 4, rest), resolve("rejected", "probe"))
    const unsent = [probe(3, "not_sent"), probe(8, "refused")]
    assert.deepStrictEqual(stepOf("void", unsent, 9, rest), resolve("rejected", "probe"))
  })

  it("is left to people if it is refused, and what it was to undo must not stand", () => {
    const rest = { isRefused: true, isForced: true, lookups: 0 }
    assert.deepStrictEqual(stepOf("void", [probe(3, "refused")], 4, rest), giveUp)
  })

  it.each([true, false])("is not proved by a refusal where an issuer refused before (forced: %s)", (isForced) => {
    const asked = [probe(3, "undecided"), probe(23, "refused")]
    const rest = { isRefused: true, isForced }
    assert.deepStrictEqual(stepOf("void", asked, 24, rest), giveUp)
    assert.deepStrictEqual(stepOf("void", asked, 24, { ...rest, lookups: 0 }), step("LookUp", 30))
  })
})

describe("look-ups", () => {
  const ages = [30 * seconds, 2 * minutes, 10 * minutes, hours, 6 * hours, 24 * hours]

  it("are made at these ages, and then no more", () => {
    for (const [lookups, at] of ages.entries()) {
      assert.deepStrictEqual(stepOf("refund", [], 0, { lookups }), { _tag: "LookUp", at })
    }
    assert.deepStrictEqual(stepOf("refund", [], 0, { lookups: ages.length }), giveUp)
  })

  it("are made at once when they are overdue", () => {
    assert.deepStrictEqual(stepOf("refund", [], 7200, { lookups: 1 }), step("LookUp", 7200))
  })

  it("are not made without a credential", () => {
    assert.deepStrictEqual(stepOf("refund", [], 0), giveUp)
  })
})

const outcomes = {
  reversal: ["approved", "not_found", "not_sent", "undecided"],
  probe: ["approved", "already_captured", "refused", "not_sent", "undecided"]
} as const

const Kind = Schema.Literals(["reversal", "probe"])
const Age = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 * hours }))
const Soon = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 * minutes }))

/** Any history, even one that could not come about; whatever is answered then. */
const Life = Schema.Struct({
  type: Schema.Literals(["sale", "authorization", "capture", "refund", "void"]),
  attempts: Schema.Array(Schema.Struct({ kind: Kind, at: Soon, choice: Schema.Int })),
  age: Schema.Union([Soon, Age]),
  isAnswered: Schema.Boolean,
  hasBric: Schema.Boolean,
  isRepeatable: Schema.Boolean,
  isRefused: Schema.Boolean,
  isForced: Schema.Boolean,
  isVoidable: Schema.Boolean,
  lookups: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))),
  fates: Schema.NonEmptyArray(Schema.Struct({ choice: Schema.Int, took: Soon }))
})

const attemptFrom = (kind: Attempt["kind"], at: number, choice: number): Attempt => {
  const possible = outcomes[kind]
  return { kind, at, outcome: possible[Math.abs(choice) % possible.length] ?? "undecided" }
}

/** Every doubt on the way to the end, with the step that follows from it. */
const walk = ({ attempts, fates, ...start }: typeof Life.Type) => {
  const way: Array<{ readonly doubt: Doubt; readonly step: ReturnType<typeof nextStep> }> = []
  let doubt: Doubt = { ...start, attempts: attempts.map(({ at, choice, kind }) => attemptFrom(kind, at, choice)) }
  for (let taken = 0; taken < 1000; taken++) {
    const next = nextStep(doubt)
    way.push({ doubt, step: next })
    if (next._tag === "Resolve" || next._tag === "GiveUp") return way
    const fate = fates[taken % fates.length] ?? fates[0]
    if (next._tag === "LookUp") {
      doubt = { ...doubt, age: next.at, lookups: (doubt.lookups ?? 0) + 1 }
    } else {
      const attempt = attemptFrom(next._tag === "Reverse" ? "reversal" : "probe", next.at, fate.choice)
      const took = attempt.outcome === "not_sent" ? 0 : fate.took
      doubt = { ...doubt, age: next.at + took, attempts: [...doubt.attempts, attempt] }
    }
  }
  return assert.fail("no end in sight")
}

const isCharge = ({ type }: Doubt) => type === "sale" || type === "authorization"

describe("from any history on", () => {
  it.prop("steps come to an end, which the state machine allows", { life: Life }, ({ life }) => {
    const end = walk(life).at(-1)?.step
    if (end?._tag !== "Resolve") return
    assert.isTrue(canBecome("unknown", end.status))
    const ends = {
      sale: ["reversed", "failed"],
      authorization: ["reversed", "failed"],
      capture: ["approved"],
      refund: [],
      void: ["approved", "rejected"]
    } satisfies Record<Doubt["type"], ReadonlyArray<TransactionStatus>>
    assert.include<TransactionStatus>(ends[life.type], end.status)
  })

  it.prop("no step lies in the past", { life: Life }, ({ life }) => {
    for (const { doubt, step } of walk(life)) if ("at" in step) assert.isAtLeast(step.at, doubt.age)
  })

  it.prop("only charges are reversed, and only while EPX listens", { life: Life }, ({ life }) => {
    for (const { doubt, step } of walk(life)) {
      if (step._tag !== "Reverse") continue
      assert.isTrue(isCharge(doubt))
      assert.isBelow(step.at, Duration.toMillis(reversalWindow))
      assert.isAtMost(step.at + Duration.toMillis(reversalLimit), Duration.toMillis(epxReversalWindow))
    }
  })

  it.prop("a refund is looked for and never tried again", { life: Life }, ({ life }) => {
    for (const { step } of walk({ ...life, type: "refund" })) assert.include(["LookUp", "GiveUp"], step._tag)
  })

  it.prop("nothing is tried again that could take money twice", { life: Life }, ({ life }) => {
    for (const { doubt, step } of walk(life)) {
      if (step._tag !== "Probe") continue
      // A charge is never repeated: its probe is the void of what its token names.
      if (isCharge(doubt)) assert.isTrue(doubt.hasBric)
      if (doubt.type === "capture") assert.isFalse(doubt.isRepeatable)
      assert.isFalse(doubt.attempts.some(({ kind, outcome }) => kind === "probe" && outcome === "approved"))
    }
  })

  it.prop("no more than five probes are sent, and six look-ups made", { life: Life }, ({ life }) => {
    const way = walk({ ...life, attempts: [] })
    const last = way.at(-1)?.doubt.attempts ?? []
    const sent = last.filter(({ kind, outcome }) => kind === "probe" && outcome !== "not_sent")
    assert.isAtMost(sent.length, 5)
    assert.isAtMost(way.filter(({ step }) => step._tag === "LookUp").length, life.lookups === null ? 0 : 6)
  })

  it.prop("it is given up only after every look-up there is a credential for", { life: Life }, ({ life }) => {
    const end = walk(life).at(-1)
    if (end?.step._tag !== "GiveUp") return
    const isForcedVoid = end.doubt.type === "void" && end.doubt.isForced && end.doubt.isRefused
    assert.isTrue(end.doubt.lookups === null || end.doubt.lookups >= 6 || isForcedVoid)
  })
})

it("a charge whose first two reversals were lost is decided inside EPX's window", () => {
  const lost = [reversal(30, "undecided"), reversal(50, "undecided")]
  const denied = [...lost, reversal(70, "not_found")]
  assert.deepStrictEqual(stepOf("sale", denied, 71), step("Reverse", 90))
  const twice = [...denied, reversal(90, "not_found")]
  assert.deepStrictEqual(stepOf("sale", twice, 91), step("Reverse", 105))
  for (const outcome of ["not_found", "undecided"] as const) {
    const thrice = [...twice, reversal(105, outcome)]
    assert.deepStrictEqual(stepOf("sale", thrice, 106), resolve("failed", "reversal"))
  }
})

it("a charge that was denied twice is not failed before it must have arrived", () => {
  const course = (second: number) => [
    reversal(40, "not_found"),
    reversal(second, "not_found"),
    reversal(90, "undecided"),
    reversal(105, "undecided")
  ]
  assert.deepStrictEqual(stepOf("sale", course(70), 106), resolve("failed", "reversal"))
  assert.deepStrictEqual(stepOf("sale", course(69.999), 106), giveUp)
})

describe("nextStep of a charge, from any history", () => {
  const Attempts = Schema.Array(Schema.Struct({ at: Soon, outcome: Schema.Literals(outcomes.reversal) }))

  it.prop(
    "calls it failed only on two denials a minute apart, or when there is no time for that, of what was never answered",
    [Attempts, Soon, Schema.Boolean],
    ([made, age, isAnswered]) => {
      const attempts = made.map((attempt): Attempt => ({ kind: "reversal", ...attempt }))
      const step = nextStep({ ...plain, attempts, age, isAnswered })
      const denials = attempts.filter(({ outcome }) => outcome === "not_found").map(({ at }) => at)
      const isApart = denials.some((first) => denials.some((second) => second - first >= 60_000))
      const isLate = denials.length > 1 && denials.some((at) => at >= 70_000) && step._tag !== "Reverse"
      const isProved = isApart || isLate
      const isApproved = attempts.some(({ outcome }) => outcome === "approved")
      const status = step._tag === "Resolve" ? step.status : null
      assert.strictEqual(status === "failed", isProved && !isAnswered && !isApproved)
      assert.strictEqual(status === "reversed", isApproved)
    }
  )
})

describe("attemptOf", () => {
  const table: ReadonlyArray<readonly [Attempt["kind"], TransactionStatus, string | null, Attempt["outcome"]]> = [
    ["reversal", "approved", "00", "approved"],
    ["reversal", "failed", null, "not_sent"],
    ["reversal", "declined", "25", "not_found"],
    ["reversal", "rejected", "25", "not_found"],
    ["reversal", "declined", "05", "undecided"],
    ["reversal", "rejected", "EV", "undecided"],
    ["reversal", "unknown", "25", "undecided"],
    ["reversal", "submitting", null, "undecided"],
    ["probe", "approved", "00", "approved"],
    ["probe", "failed", null, "not_sent"],
    ["probe", "declined", "EV", "already_captured"],
    ["probe", "rejected", "EV", "already_captured"],
    ["probe", "rejected", "21", "refused"],
    ["probe", "declined", "22", "refused"],
    ["probe", "rejected", "ED", "refused"],
    // These are about the probe, and say nothing of what is in doubt.
    ["probe", "declined", "05", "undecided"],
    ["probe", "declined", "96", "undecided"],
    ["probe", "rejected", "RR", "undecided"],
    ["probe", "rejected", "25", "undecided"],
    ["probe", "declined", null, "undecided"],
    ["probe", "unknown", "EV", "undecided"],
    ["probe", "submitting", null, "undecided"]
  ]

  it.each(table)("%s %s %s: %s", (kind, status, code, outcome) => {
    assert.deepStrictEqual(attemptOf(kind, 7, status, code), { kind, at: 7, outcome })
  })

  it("takes for decided only what EPX decided", () => {
    const decided: ReadonlySet<TransactionStatus> = new Set(["approved", "declined", "rejected", "failed"])
    for (const status of TransactionStatus.literals) {
      for (const kind of ["reversal", "probe"] as const) {
        if (!decided.has(status)) assert.strictEqual(attemptOf(kind, 0, status, "00").outcome, "undecided")
      }
    }
  })
})
