import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Errors from "../../../src/domain/FollowUpErrors.ts"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../../../src/domain/Ids.ts"
import { Amount } from "../../../src/domain/Money.ts"
import { TransactionStatus } from "../../../src/domain/Transaction.ts"
import type { Deed, FollowUp } from "../../../src/transactions/follow-ups/FollowUp.ts"
import { type Prospect, ProspectRow, refusalOf } from "../../../src/transactions/follow-ups/Refusal.ts"

const uuid = "01a2042c-fd7c-766c-972a-9e5d917959a1"
const idOf = (last: string) => TransactionIds.fromUuid(`01a2042c-fd7c-766c-972a-9e5d9179590${last}`)
const ids = { first: idOf("1"), capture: idOf("2"), other: idOf("3"), refund: idOf("4"), foreign: idOf("9") }

const asked = (deed: Deed): FollowUp => ({
  merchantId: MerchantIds.fromUuid(uuid),
  environment: "test",
  keyId: ApiKeyIds.fromUuid(uuid),
  paymentId: PaymentIds.fromUuid(uuid),
  idempotencyKey: "order-1",
  fingerprint: new Uint8Array(32),
  versions: null,
  ...deed
})
const money = (amount: number | null) => (amount === null ? null : Amount.make(amount))
const capture = (amount: number | null = null) => asked({ type: "capture", amount: money(amount) })
const refund = (amount: number | null = null, targetId: typeof ids.first | null = null) =>
  asked({ type: "refund", amount: money(amount), targetId, reason: "other" })
const undo = (targetId: typeof ids.first | null = null) => asked({ type: "void", targetId })

type Item = Prospect["transactions"][number]

const item = (type: Item["type"], rest: Partial<Item> = {}): Item => ({
  id: type === "capture" ? ids.capture : type === "refund" ? ids.refund : ids.first,
  type,
  status: "approved",
  amount: 100,
  left_over: 100,
  has_bric: true,
  is_voidable: true,
  ...rest
})

const base = {
  is_active: true,
  is_stopped: false,
  has_terminal: true,
  is_canceled: false,
  is_as_seen: true,
  first_status: "approved",
  calls: 0,
  doubts: 0,
  pending_void: false,
  is_to_be_undone: false,
  authorized: 100,
  captured: 0,
  refunded: 0,
  pending_capture: 0,
  pending_refund: 0,
  capturable: 0,
  refundable: 0,
  has_expired: false
} as const

const held: Prospect = { ...base, type: "authorization", capturable: 100, transactions: [item("authorization")] }
const captured: Prospect = {
  ...held,
  captured: 100,
  capturable: 0,
  refundable: 100,
  transactions: [item("authorization"), item("capture")]
}
const sold: Prospect = { ...base, type: "sale", captured: 100, refundable: 100, transactions: [item("sale")] }
const booked = item("sale", { status: "settled", is_voidable: false })
const settled: Prospect = { ...sold, first_status: "settled", transactions: [booked] }

const nameOf = (followUp: FollowUp, prospect: Prospect | undefined) => refusalOf(followUp, prospect)?._tag ?? null

type Row = readonly [string, FollowUp, Prospect | undefined, string | null]
type Rows = ReadonlyArray<Row>

const named = new Set<string>()
const check = (rows: Rows) => {
  for (const [, , , tag] of rows) if (tag !== null) named.add(tag)
  it.each(rows)("%s", (_, followUp, prospect, tag) => {
    assert.strictEqual(nameOf(followUp, prospect), tag)
    // What the table describes can come out of the database.
    if (prospect !== undefined) assert.isTrue(Schema.is(ProspectRow)(prospect))
  })
}

describe.each([
  ["capture", capture(), held],
  ["refund", refund(), settled],
  ["void", undo(), sold]
] as const)("any %s", (_, followUp, fit) => {
  check([
    ["fits", followUp, fit, null],
    ["of no payment of this merchant", followUp, undefined, "PaymentNotFound"],
    ["of a suspended merchant", followUp, { ...fit, is_active: false, has_terminal: false }, "MerchantSuspended"],
    [
      "of an operation that is stopped",
      followUp,
      { ...fit, is_stopped: true, has_terminal: false },
      "OperationStopped"
    ],
    ["with a key that is not valid any more", followUp, { ...fit, has_terminal: false }, "InvalidApiKey"],
    ["under a cancelled idempotency key", followUp, { ...fit, is_canceled: true }, "KeyCanceled"],
    ["of a payment that has changed", followUp, { ...fit, is_as_seen: false }, "PreconditionFailed"],
    ["that fits no more either", followUp, { ...fit, is_as_seen: false, first_status: "voided" }, "PreconditionFailed"]
  ])
})

describe("a capture", () => {
  check([
    ["of all", capture(), held, null],
    ["of a part", capture(1), held, null],
    ["of all by name", capture(100), held, null],
    ["of too much", capture(101), held, "AmountExceedsCapturable"],
    ["of a sale", capture(), sold, "NotCapturable"],
    ["of a sale in doubt", capture(), { ...sold, first_status: "unknown", doubts: 1 }, "NotCapturable"],
    ["while it is authorized", capture(), { ...held, first_status: "submitting", capturable: 0 }, "PaymentBusy"],
    ["in doubt", capture(), { ...held, first_status: "unknown", capturable: 0 }, "PaymentBusy"],
    ["while it is voided", capture(), { ...held, pending_void: true, capturable: 0 }, "PaymentBusy"],
    ["while it is undone", capture(), { ...held, is_to_be_undone: true, capturable: 0 }, "PaymentBusy"],
    ["of what lapsed", capture(), { ...held, first_status: "expired", capturable: 0 }, "AuthorizationExpired"],
    ["of what is about to lapse", capture(), { ...held, has_expired: true }, "AuthorizationExpired"],
    ["while another is captured", capture(), { ...held, pending_capture: 40, capturable: 0 }, "PaymentBusy"],
    ["of what was captured", capture(), captured, "NotCapturable"],
    ["of the rest of it", capture(40), { ...captured, captured: 60, capturable: 40 }, null],
    ["of more than the rest", capture(41), { ...captured, captured: 60, capturable: 40 }, "AmountExceedsCapturable"],
    [
      "without a token",
      capture(),
      { ...held, transactions: [item("authorization", { has_bric: false })] },
      "BricMissing"
    ]
  ])

  it.each(TransactionStatus.literals)("of an authorization that is %s", (first_status) => {
    const expected = {
      approved: null,
      submitting: "PaymentBusy",
      unknown: "PaymentBusy",
      expired: "AuthorizationExpired"
    }
    const name = nameOf(capture(), { ...held, first_status })
    assert.strictEqual(name, first_status in expected ? Reflect.get(expected, first_status) : "NotCapturable")
  })

  it("is told how much there is", () => {
    const refusal = refusalOf(capture(101), held)
    assert.strictEqual(refusal?._tag === "AmountExceedsCapturable" && refusal.available, 100)
  })
})

describe("a refund", () => {
  const partly = { ...settled, transactions: [{ ...booked, left_over: 40 }], refunded: 60, refundable: 40 }
  const second = item("capture", { id: ids.other, status: "settled", amount: 30, left_over: 30 })
  const first = item("capture", { status: "settled", amount: 70, left_over: 70 })
  const split: Prospect = {
    ...captured,
    transactions: [item("authorization"), first, second]
  }
  check([
    ["of all", refund(), settled, null],
    ["of a part", refund(1), settled, null],
    ["of too much", refund(101), settled, "AmountExceedsRefundable"],
    ["of the rest", refund(40), partly, null],
    ["of whatever is left", refund(), partly, null],
    ["of more than the rest", refund(41), partly, "AmountExceedsRefundable"],
    ["of a capture that settled", refund(), { ...captured, transactions: [item("authorization"), first] }, null],
    ["of what has not settled, in part", refund(99), sold, null],
    ["of what can be voided at once", refund(), sold, "UnsettledUseVoid"],
    ["of what can be voided at once, by name", refund(100), sold, "UnsettledUseVoid"],
    ["of a capture that can be voided at once", refund(), captured, "UnsettledUseVoid"],
    ["of what is about to settle", refund(), { ...sold, transactions: [item("sale", { is_voidable: false })] }, null],
    [
      "of what is left, though it has not settled",
      refund(40),
      { ...sold, transactions: [item("sale", { left_over: 40 })], refundable: 40, pending_refund: 60 },
      null
    ],
    ["of an authorization", refund(), held, "NotRefundable"],
    [
      "of what was refunded",
      refund(),
      { ...partly, transactions: [{ ...booked, left_over: 0 }], refundable: 0 },
      "NotRefundable"
    ],
    [
      "while the rest is refunded",
      refund(),
      { ...settled, transactions: [{ ...booked, left_over: 0 }], refundable: 0, pending_refund: 100 },
      "PaymentBusy"
    ],
    ["while it is captured", refund(), { ...held, pending_capture: 100, capturable: 0 }, "PaymentBusy"],
    [
      "while it is sold",
      refund(),
      { ...sold, first_status: "submitting", transactions: [item("sale", { status: "submitting" })] },
      "PaymentBusy"
    ],
    [
      "of a sale in doubt",
      refund(),
      { ...sold, first_status: "unknown", transactions: [item("sale", { status: "unknown" })] },
      "PaymentBusy"
    ],
    [
      "of what was declined",
      refund(),
      { ...sold, first_status: "declined", refundable: 0, transactions: [item("sale", { status: "declined" })] },
      "NotRefundable"
    ],
    [
      "of what was voided",
      refund(),
      { ...sold, first_status: "voided", refundable: 0, transactions: [item("sale", { status: "voided" })] },
      "NotRefundable"
    ],
    ["while it is voided", refund(), { ...sold, pending_void: true, refundable: 0 }, "PaymentBusy"],
    ["while it is undone", refund(), { ...sold, is_to_be_undone: true, refundable: 0 }, "PaymentBusy"],
    ["of an authorization while it is voided", refund(), { ...held, pending_void: true }, "NotRefundable"],
    ["of a transaction of another payment", refund(1, ids.foreign), settled, "TransactionNotFound"],
    ["of one capture of two", refund(30, ids.other), split, null],
    ["of more than one capture of two", refund(31, ids.other), split, "AmountExceedsRefundable"],
    ["of as much as only one of two has", refund(70), split, null],
    ["of more than either of two has", refund(71), split, "AmountExceedsRefundable"],
    ["of an authorization by name", refund(1, ids.first), split, "NotRefundable"],
    [
      "of a refund by name",
      refund(1, ids.refund),
      { ...settled, transactions: [booked, item("refund")] },
      "NotRefundable"
    ],
    ["without a token", refund(), { ...settled, transactions: [{ ...booked, has_bric: false }] }, "BricMissing"],
    [
      "of the one that has a token",
      refund(30),
      { ...split, transactions: [item("authorization"), { ...first, has_bric: false }, second] },
      null
    ],
    [
      "of as much as only the one without a token has",
      refund(31),
      { ...split, transactions: [item("authorization"), { ...first, has_bric: false }, second] },
      "BricMissing"
    ]
  ])

  it("is told how much there is in one place", () => {
    const refusal = refusalOf(refund(71), split)
    assert.strictEqual(refusal?._tag === "AmountExceedsRefundable" && refusal.available, 70)
  })
})

describe("a void", () => {
  const waiting = item("refund", { status: "scheduled", amount: 40, left_over: 40 })
  const refunding = {
    ...sold,
    pending_refund: 40,
    refundable: 60,
    transactions: [item("sale", { left_over: 60 }), waiting]
  }
  const given = {
    ...settled,
    refunded: 40,
    refundable: 60,
    transactions: [{ ...booked, left_over: 60 }, item("refund")]
  }
  const split: Prospect = {
    ...captured,
    transactions: [
      item("authorization"),
      item("capture", { amount: 70, left_over: 70 }),
      item("capture", { id: ids.other, amount: 30, left_over: 30 })
    ]
  }
  check([
    ["of a sale", undo(), sold, null],
    ["of a sale by name", undo(ids.first), sold, null],
    ["of an authorization", undo(), held, null],
    [
      "of an authorization whose batch is over",
      undo(),
      { ...held, transactions: [item("authorization", { is_voidable: false })] },
      null
    ],
    ["of a capture", undo(), captured, null],
    ["of one capture", undo(ids.capture), captured, null],
    ["of all captures", undo(), split, null],
    ["of one capture of two", undo(ids.other), split, null],
    ["of an authorization that was captured", undo(ids.first), captured, "NotVoidable"],
    [
      "of what was declined",
      undo(),
      { ...sold, first_status: "declined", transactions: [item("sale", { status: "declined" })] },
      "NotVoidable"
    ],
    [
      "of what was voided",
      undo(),
      { ...sold, first_status: "voided", captured: 0, transactions: [item("sale", { status: "voided" })] },
      "NotVoidable"
    ],
    ["of what is voided", undo(), { ...sold, calls: 1, pending_void: true }, "PaymentBusy"],
    ["of what is undone", undo(), { ...sold, is_to_be_undone: true }, "PaymentBusy"],
    [
      "of what is sold",
      undo(),
      { ...sold, calls: 1, first_status: "submitting", transactions: [item("sale", { status: "submitting" })] },
      "PaymentBusy"
    ],
    [
      "in doubt",
      undo(),
      { ...sold, doubts: 1, first_status: "unknown", transactions: [item("sale", { status: "unknown" })] },
      "PaymentBusy"
    ],
    ["while it is captured", undo(), { ...held, calls: 1, pending_capture: 10 }, "PaymentBusy"],
    [
      "of what was declined, while another call is made",
      undo(ids.other),
      {
        ...held,
        calls: 1,
        transactions: [item("authorization"), item("capture", { id: ids.other, status: "declined" })]
      },
      "NotVoidable"
    ],
    ["of a transaction of another payment", undo(ids.foreign), sold, "TransactionNotFound"],
    ["of what settled", undo(), settled, "SettledUseRefund"],
    [
      "of what is about to settle",
      undo(),
      { ...sold, transactions: [item("sale", { is_voidable: false })] },
      "SettledUseRefund"
    ],
    [
      "of captures of which one settled",
      undo(),
      {
        ...split,
        transactions: split.transactions.map((it) => (it.id === ids.other ? { ...it, status: "settled" as const } : it))
      },
      "SettledUseRefund"
    ],
    ["of what was refunded in part", undo(), given, "NotVoidable"],
    ["of what was refunded in part, by name", undo(ids.first), given, "NotVoidable"],
    ["of what is to be refunded", undo(), refunding, "NotVoidable"],
    [
      "of a capture that was refunded in part",
      undo(ids.capture),
      { ...captured, refunded: 10, transactions: [item("authorization"), item("capture", { left_over: 90 })] },
      "NotVoidable"
    ],
    [
      "of a capture while another one is refunded",
      undo(ids.capture),
      {
        ...split,
        refunded: 10,
        transactions: split.transactions.map((it) => (it.id === ids.other ? { ...it, left_over: 20 } : it))
      },
      null
    ],
    ["of a refund", undo(ids.refund), given, null],
    [
      "of a refund that settled",
      undo(ids.refund),
      { ...given, transactions: [booked, item("refund", { status: "settled" })] },
      "SettledUseRefund"
    ],
    ["of a refund that waits", undo(ids.refund), refunding, null],
    ["of a refund that waits, while another call is made", undo(ids.refund), { ...refunding, calls: 1 }, null],
    [
      "of a refund that was declined",
      undo(ids.refund),
      { ...given, transactions: [booked, item("refund", { status: "declined" })] },
      "NotVoidable"
    ],
    ["without a token", undo(), { ...sold, transactions: [item("sale", { has_bric: false })] }, "BricMissing"]
  ])
})

describe("the tables", () => {
  it("name every refusal there is", () => {
    assert.sameMembers(Array.from(named), [
      "PaymentNotFound",
      "MerchantSuspended",
      "OperationStopped",
      "InvalidApiKey",
      "KeyCanceled",
      "PreconditionFailed",
      ...Object.keys(Errors)
    ])
  })
})
