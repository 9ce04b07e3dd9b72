import { afterAll, assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PaymentStatus } from "../../src/domain/Payment.ts"
import {
  changeOf,
  contributionOf,
  type Member,
  type Standing,
  statusOf,
  type Totals,
  totalsOf
} from "../../src/domain/Totals.ts"
import { canBecome, nextStatuses, TransactionStatus, TransactionType } from "../../src/domain/Transaction.ts"

const nothing: Totals = {
  authorized: 0,
  captured: 0,
  refunded: 0,
  pending_capture: 0,
  pending_refund: 0,
  pending_void: 0,
  calls: 0,
  doubts: 0
}
const columns = [
  "authorized",
  "captured",
  "refunded",
  "pending_capture",
  "pending_refund",
  "pending_void",
  "calls",
  "doubts"
] as const

const plus = (one: Totals, other: Totals): Totals => {
  const sum = (column: keyof Totals) => one[column] + other[column]
  return {
    authorized: sum("authorized"),
    captured: sum("captured"),
    refunded: sum("refunded"),
    pending_capture: sum("pending_capture"),
    pending_refund: sum("pending_refund"),
    pending_void: sum("pending_void"),
    calls: sum("calls"),
    doubts: sum("doubts")
  }
}

const Amount = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))

/** What a call adds, by its type, while it is pending and once it stands. */
const shares: Readonly<Record<TransactionType, readonly [pending: Partial<Totals>, standing: Partial<Totals>]>> = {
  sale: [{}, { authorized: 7, captured: 7 }],
  authorization: [{}, { authorized: 7 }],
  capture: [{ pending_capture: 7 }, { captured: 7 }],
  refund: [{ pending_refund: 7 }, { refunded: 7 }],
  void: [{ pending_void: 1 }, {}],
  reversal: [{}, {}]
}

describe("contributionOf", () => {
  it.each(TransactionType.literals)("a %s counts what is pending or stands, and nothing else", (type) => {
    const [pending, standing] = shares[type]
    for (const status of TransactionStatus.literals) {
      const isCounted = type !== "reversal"
      const expected = {
        ...nothing,
        ...(["scheduled", "submitting", "unknown"].includes(status) ? pending : {}),
        ...(["approved", "settled"].includes(status) ? standing : {}),
        calls: isCounted && status === "submitting" ? 1 : 0,
        doubts: isCounted && status === "unknown" ? 1 : 0
      }
      assert.deepStrictEqual(contributionOf(type, status, 7), expected, status)
    }
  })

  it("is the same on its way and in doubt, but for the count of calls: a settle need not know which it was", () => {
    for (const type of TransactionType.literals) {
      const [sent, lost] = (["submitting", "unknown"] as const).map((from) => ({
        ...contributionOf(type, from, 7),
        calls: 0,
        doubts: 0
      }))
      assert.deepStrictEqual(sent, lost)
    }
  })
})

describe("changeOf", () => {
  it.prop(
    "is the difference that an edge makes",
    {
      type: TransactionType,
      from: TransactionStatus,
      to: TransactionStatus,
      amount: Amount
    },
    ({ amount, from, to, type }) => {
      const after = plus(contributionOf(type, from, amount), changeOf(type, from, to, amount))
      assert.deepStrictEqual(after, contributionOf(type, to, amount))
    }
  )

  it("takes nothing away on the way to money that stands, and leaves nothing pending at an end", () => {
    for (const type of TransactionType.literals) {
      for (const from of TransactionStatus.literals) {
        for (const to of nextStatuses[from].filter((next) => nextStatuses[next].length === 0)) {
          const end = plus(contributionOf(type, from, 7), changeOf(type, from, to, 7))
          for (const column of ["pending_capture", "pending_refund", "pending_void", "calls", "doubts"] as const) {
            assert.strictEqual(end[column], 0, `${type} ${from} → ${to}`)
          }
        }
      }
    }
  })
})

interface Call extends Member {
  readonly id: number
  readonly target: number | null
}

const Step = Schema.Struct({
  kind: Schema.Literals(["capture", "refund", "void", "answer", "send", "postpone", "book", "expire"]),
  pick: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
  amount: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 }))
})

/** A payment as the claims and settles of the service move it, in plain steps. */
class Life {
  calls: ReadonlyArray<Call> = []
  totals = nothing
  /** The sum is no longer that of the calls: what was captured of a lapsed authorization has been voided. */
  isLapsedAndVoided = false
  readonly statuses = new Set<PaymentStatus>()
  readonly isSplit: boolean

  constructor(type: "sale" | "authorization", amount: number, isSplit: boolean) {
    this.isSplit = isSplit
    this.add(type, "submitting", amount, null)
  }

  get first(): Call {
    return this.calls[0] ?? assert.fail("no first call")
  }

  get capturable(): number {
    const { authorized, captured, pending_capture, pending_void } = this.totals
    const isOpen = this.first.type === "authorization" && this.first.status === "approved" && pending_void === 0
    return isOpen && (this.isSplit || captured + pending_capture === 0) ? authorized - captured - pending_capture : 0
  }

  leftOf({ amount, id }: Call): number {
    const given = this.calls.filter(({ target, type }) => type === "refund" && target === id)
    const { pending_refund, refunded } = totalsOf(given)
    return amount - refunded - pending_refund
  }

  take({ amount, kind, pick }: typeof Step.Type): void {
    const pickFrom = <A>(all: ReadonlyArray<A>): A | undefined => all[pick % Math.max(1, all.length)]
    const { calls, captured, doubts, pending_refund, pending_void, refunded } = this.totals
    const isIdle = calls === 0 && doubts === 0 && pending_void === 0
    switch (kind) {
      case "capture":
        if (amount <= this.capturable) this.add("capture", "submitting", amount, this.first.id)
        break
      case "refund": {
        const refundable = pending_void > 0 ? 0 : captured - refunded - pending_refund
        const target = pickFrom(
          this.calls.filter((call) => isCharged(call) && stands(call) && this.leftOf(call) > 0 && refundable > 0)
        )
        if (target === undefined) break
        const most = Math.min(this.leftOf(target), refundable)
        // All of it as often as a part.
        const asked = amount > 5 ? most : Math.min(amount, most)
        this.add("refund", target.status === "settled" ? "submitting" : "scheduled", asked, target.id)
        break
      }
      case "void": {
        const waiting = pickFrom(this.calls.filter(({ status }) => status === "scheduled"))
        if (waiting !== undefined && amount > 5) return this.move(waiting, "voided")
        const target = pickFrom(this.calls.filter((call) => call.status === "approved" && this.isVoidable(call)))
        if (isIdle && target !== undefined) this.add("void", "submitting", target.amount, target.id)
        break
      }
      case "answer": {
        const call = pickFrom(this.calls.filter(({ status }) => status === "submitting" || status === "unknown"))
        if (call === undefined) break
        const ends = nextStatuses[call.status].filter(
          (status) => status !== "scheduled" && (status !== "reversed" || call.id === this.first.id)
        )
        // Approvals more often than not: the rest of a life follows from them.
        this.answer(call, pick > 40 ? "approved" : (ends[amount % ends.length] ?? "approved"))
        break
      }
      case "send": {
        const due = this.calls.filter(({ status }) => status === "scheduled")
        const call = pickFrom(due.filter(({ target }) => this.calls[target ?? 0]?.status === "settled"))
        if (call !== undefined) this.move(call, "submitting")
        break
      }
      case "postpone": {
        const isOpen = (status: TransactionStatus) => status === "submitting" || status === "unknown"
        const call = pickFrom(this.calls.filter(({ status, type }) => type === "refund" && isOpen(status)))
        if (call !== undefined) this.move(call, "scheduled")
        break
      }
      case "book":
        if (pending_void > 0) break
        for (const call of this.calls) {
          const isBooked = isCharged(call) || call.type === "refund"
          if (isBooked && call.status === "approved") this.move(call, "settled")
        }
        break
      case "expire":
        if (calls > 0 || doubts > 0 || this.capturable === 0) break
        this.move(this.first, "expired")
        this.totals = { ...this.totals, authorized: this.totals.captured }
    }
  }

  isVoidable(call: Call): boolean {
    const { captured, pending_refund, refunded } = this.totals
    switch (call.type) {
      case "sale":
        return refunded + pending_refund === 0
      case "capture":
        return this.leftOf(call) === call.amount
      case "authorization":
        return captured === 0
      default:
        return call.type === "refund"
    }
  }

  answer(call: Call, status: TransactionStatus): void {
    this.move(call, status)
    const target = call.type === "void" && status === "approved" ? this.calls[call.target ?? 0] : undefined
    if (target === undefined) return
    if (target.type === "capture" && this.first.status === "expired") this.isLapsedAndVoided = true
    this.move(target, "voided")
  }

  add(type: Call["type"], status: TransactionStatus, amount: number, target: number | null): void {
    this.calls = [...this.calls, { id: this.calls.length, type, status, amount, target }]
    this.totals = plus(this.totals, contributionOf(type, status, amount))
  }

  move(call: Call, status: TransactionStatus): void {
    assert.isTrue(canBecome(call.status, status), `${call.status} → ${status}`)
    this.calls = this.calls.map((one) => (one.id === call.id ? { ...one, status } : one))
    this.totals = plus(this.totals, changeOf(call.type, call.status, status, call.amount))
  }

  check(): void {
    const { authorized, captured, pending_capture, pending_refund, pending_void, refunded } = this.totals
    for (const column of columns) assert.isAtLeast(this.totals[column], 0, column)
    assert.isAtMost(captured + pending_capture, authorized)
    assert.isAtMost(refunded + pending_refund, captured)
    assert.isAtMost(pending_void, 1)
    for (const call of this.calls) if (isCharged(call)) assert.isAtLeast(this.leftOf(call), 0)
    const folded = totalsOf(this.calls)
    assert.deepStrictEqual(this.isLapsedAndVoided ? { ...folded, authorized } : folded, this.totals)
    this.statuses.add(statusOf(this.totals, { first: this.first.status, isDeclined: false, isToBeUndone: false }))
  }
}

const isCharged = ({ type }: Call) => type === "sale" || type === "capture"
const stands = ({ status }: Call) => status === "approved" || status === "settled"

describe("the totals of a payment", () => {
  const seen = new Set<PaymentStatus>()
  // A property that reaches nothing proves nothing.
  afterAll(() => {
    const never: ReadonlySet<PaymentStatus> = new Set(["returned"])
    if (seen.size > 0) {
      assert.sameMembers(
        Array.from(seen),
        PaymentStatus.literals.filter((status) => !never.has(status))
      )
    }
  })

  it.prop(
    "stay within the limits of its row, and are those of its calls, whatever is done in whatever order",
    {
      type: Schema.Literals(["sale", "authorization"]),
      fate: Schema.Literals(["approved", "unknown", "declined"]),
      isSplit: Schema.Boolean,
      steps: Schema.Array(Step).check(Schema.isMinLength(10), Schema.isMaxLength(40))
    },
    ({ fate, isSplit, steps, type }) => {
      const life = new Life(type, 10, isSplit)
      life.check()
      life.answer(life.first, fate)
      for (const step of steps) {
        life.take(step)
        life.check()
      }
      for (const status of life.statuses) seen.add(status)
    },
    { arbitrary: { runs: 1200 } }
  )

  it("are lowered by an authorization's end to what was captured of it", () => {
    const members: ReadonlyArray<Member> = [
      { type: "authorization", status: "expired", amount: 100 },
      { type: "capture", status: "settled", amount: 60 }
    ]
    assert.deepStrictEqual(totalsOf(members), { ...nothing, authorized: 60, captured: 60 })
  })

  it("leave out what never stood", () => {
    const members = (["declined", "rejected", "failed", "reversed", "voided", "expired"] as const).flatMap((status) =>
      TransactionType.literals.map((type): Member => ({ type, status, amount: 100 }))
    )
    assert.deepStrictEqual(totalsOf(members), nothing)
  })
})

describe("statusOf", () => {
  const charged = { ...nothing, authorized: 10, captured: 10 }
  const table: ReadonlyArray<readonly [Partial<Totals>, Partial<Standing> & Pick<Standing, "first">, PaymentStatus]> = [
    [{ calls: 1 }, { first: "submitting" }, "processing"],
    [{ doubts: 1 }, { first: "unknown" }, "unknown"],
    [{}, { first: "declined", isDeclined: true }, "declined"],
    [{}, { first: "rejected", isDeclined: true }, "declined"],
    [{}, { first: "failed" }, "failed"],
    [{}, { first: "reversed" }, "reversed"],
    [{}, { first: "reversed", isDeclined: true }, "declined"],
    [{}, { first: "voided" }, "voided"],
    [{}, { first: "voided", isDeclined: true }, "declined"],
    [{}, { first: "expired" }, "expired"],
    [{ authorized: 4, captured: 4 }, { first: "expired" }, "captured"],
    [{ authorized: 4, captured: 4, refunded: 4 }, { first: "expired" }, "refunded"],
    [{ authorized: 10 }, { first: "approved" }, "authorized"],
    [{ authorized: 10, captured: 4 }, { first: "approved" }, "captured"],
    [charged, { first: "approved" }, "captured"],
    [charged, { first: "settled" }, "captured"],
    [{ ...charged, refunded: 1 }, { first: "settled" }, "partially_refunded"],
    [{ ...charged, refunded: 9 }, { first: "settled" }, "partially_refunded"],
    [{ ...charged, refunded: 10 }, { first: "settled" }, "refunded"],
    [{ ...charged, pending_refund: 10 }, { first: "settled" }, "captured"],
    [{ authorized: 10, pending_capture: 10, calls: 1 }, { first: "approved" }, "processing"],
    [{ authorized: 10, pending_capture: 10, doubts: 1 }, { first: "approved" }, "unknown"],
    [{ ...charged, calls: 1, doubts: 1 }, { first: "approved" }, "unknown"],
    [charged, { first: "approved", isToBeUndone: true }, "processing"],
    [{ doubts: 1 }, { first: "unknown", isToBeUndone: true }, "unknown"],
    [{}, { first: "voided", isToBeUndone: true }, "voided"],
    [{}, { first: "voided", isToBeUndone: true, isDeclined: true }, "declined"],
    [{}, { first: "declined", isToBeUndone: true, isDeclined: true }, "declined"],
    [charged, { first: "settled", isToBeUndone: true }, "captured"]
  ]

  it.each(table)("%j %j: %s", (totals, standing, status) => {
    const whole = { isDeclined: false, isToBeUndone: false, ...standing }
    assert.strictEqual(statusOf({ ...nothing, ...totals }, whole), status)
  })

  it("can be each status of a payment but the one of bank accounts", () => {
    const reached = new Set(table.map(([, , status]) => status))
    assert.sameMembers(
      Array.from(reached),
      PaymentStatus.literals.filter((status) => status !== "returned")
    )
  })
})
