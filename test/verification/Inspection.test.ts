import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Tombstone } from "../../src/verification/Books.ts"
import { violationsOf } from "../../src/verification/Inspection.ts"
import { corruptionsOf } from "./Corruption.ts"
import { Life, merchantId, now } from "./Life.ts"
import { booksOf, gatewayOf, livesOf, wholeLife } from "./Lives.ts"

const Choices = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9999 }))).check(
  Schema.isMaxLength(20)
)
const Lives = Schema.Array(Choices).check(Schema.isMaxLength(4))

const inspect = (lives: ReadonlyArray<Life>, tombstones: ReadonlyArray<Tombstone> = [], at = now) =>
  violationsOf({ ...booksOf(lives), tombstones }, gatewayOf(lives), at)

const namesOf = (lives: ReadonlyArray<Life>, at = now) => [...new Set(inspect(lives, [], at).map(({ name }) => name))]

const sale = (ending: Parameters<Life["end"]>[1] = "approved") => {
  const life = new Life("sale", 1999)
  life.end(life.first, ending)
  return life
}

describe("sound books", () => {
  it.prop("have no violation, however their payments lived", [Lives], ([choices]) => {
    assert.deepStrictEqual(inspect(livesOf(choices)), [])
  })

  it("have none without a gateway either", () => {
    assert.deepStrictEqual(violationsOf(booksOf([wholeLife().life]), null, now), [])
  })

  it("may hold a key again after its first use failed", () => {
    const [one, other] = [sale("not_sent"), sale()]
    other.first.idempotency_key = one.first.idempotency_key
    assert.deepStrictEqual(inspect([one, other]), [])
  })

  it("may hold the same key of two merchants", () => {
    const [one, other] = [sale(), sale()]
    other.first.idempotency_key = one.first.idempotency_key
    for (const row of [other.payment, other.first, ...other.events]) row.merchant_id = merchantId(2)
    assert.deepStrictEqual(inspect([one, other]), [])
  })

  it("may leave to people what nothing automatic could settle", () => {
    const life = sale("lost_done")
    life.first.next_attempt_at = null
    assert.deepStrictEqual(inspect([life], [], now + 86_400_000), [])
  })
})

type Whole = ReturnType<typeof wholeLife>

/** What every event of a payment has. */
const told = ({ payment: { environment, merchant_id } }: Life) => ({ environment, merchant_id, texts: {} })

/** One thing wrong each, with a payment that was captured after a doubt, settled and refunded in part. */
const wrongs: ReadonlyArray<readonly [what: string, names: ReadonlyArray<string>, harm: (whole: Whole) => void]> = [
  [
    "a second capture at the gateway",
    ["moved_twice"],
    ({ life, capture }) => {
      const again = life.transactions.find(({ probe_of }) => probe_of === capture.id)
      const done = life.gateway.find(({ attempt }) => attempt === again?.id)
      if (done !== undefined) done.amount = 1500
    }
  ],
  [
    "a charge at the gateway that is nobody's",
    ["not_on_books", "sent_unrecorded"],
    ({ life }) => {
      const other = sale()
      life.gateway.push(...other.gateway)
      life.requests.push(...other.requests)
    }
  ],
  [
    "a charge that the gateway has taken back",
    ["not_at_gateway"],
    ({ life, refund }) => {
      const done = life.gateway.find(({ attempt }) => attempt === refund.id)
      if (done !== undefined) done.released = 1
    }
  ],
  [
    "a capture that the gateway made of something else",
    ["wrong_target"],
    ({ life }) => {
      const done = life.gateway.find(({ type }) => type === "CCE4")
      if (done?.target) Object.assign(done, { target: { ...done.target, tranNbr: "1" } })
    }
  ],
  [
    "a refund that was sent twice",
    ["sent_twice"],
    ({ life }) => {
      life.requests.push(...life.requests.slice(-1))
    }
  ],
  [
    "a reversal that nobody recorded",
    ["sent_unrecorded"],
    ({ life }) => {
      const { key, fields } = life.requests[0] ?? { key: "", fields: {} }
      const { USER_DATA_2: _, ...rest } = fields
      life.requests.push({ key, fields: { ...rest, TRAN_TYPE: "CCE7" } })
    }
  ],
  [
    "more refunded than the charge",
    ["beyond_limit", "refunds_differ"],
    ({ capture }) => {
      capture.refunded = 1501
    }
  ],
  [
    "totals of the payment",
    ["not_the_fold"],
    ({ life }) => {
      life.payment.refundable += 1
    }
  ],
  [
    "a count of open calls",
    ["not_the_fold"],
    ({ life }) => {
      life.payment.calls += 1
    }
  ],
  [
    "what a capture has given back",
    ["refunds_differ"],
    ({ capture }) => {
      capture.pending_refund += 1
    }
  ],
  [
    "a refund of an authorization",
    ["astray", "refunds_differ", "wrong_target"],
    ({ life, refund }) => {
      refund.target_id = life.first.id
    }
  ],
  [
    "a transaction of another merchant",
    ["foreign"],
    ({ refund }) => {
      refund.merchant_id = merchantId(2)
    }
  ],
  [
    "a transaction that left a final state",
    ["illegal_edge"],
    ({ life, refund }) => {
      life.events.push({ ...told(life), transaction_id: refund.id, type: "refund.declined" })
    }
  ],
  [
    "a refund that was sent and voided, and is not told to have been made",
    ["event_missing"],
    ({ life, refund }) => {
      life.end(life.claim("void", refund.amount, refund), "approved")
      life.events.splice(
        life.events.findIndex(({ type }) => type === "refund.approved"),
        1
      )
    }
  ],
  [
    "the same edge twice",
    ["illegal_edge"],
    ({ life }) => {
      life.events.push(...life.events.slice(-1))
    }
  ],
  [
    "a postponement of what was not in doubt",
    ["illegal_edge"],
    ({ life, refund }) => {
      life.events.push({ ...told(life), transaction_id: refund.id, type: "refund.scheduled" })
    }
  ],
  [
    "an event that was not written",
    ["event_missing"],
    ({ life }) => {
      life.events.pop()
    }
  ],
  [
    "a doubt that was not told",
    ["event_missing"],
    ({ life }) => {
      const index = life.events.findIndex(({ type }) => type === "capture.approved")
      life.events.splice(index, 1)
    }
  ],
  [
    "a key that was used twice",
    ["key_reused"],
    ({ capture, refund }) => {
      refund.idempotency_key = capture.idempotency_key
    }
  ],
  [
    "entries that do not sum to zero",
    ["unbalanced"],
    ({ life }) => {
      life.entries.splice(
        life.entries.findIndex(({ account }) => account === "cardholder"),
        1
      )
    }
  ],
  [
    "an entry on another account",
    ["ledger_differs"],
    ({ life }) => {
      const entry = life.entries.find(({ account }) => account === "settled")
      if (entry !== undefined) entry.account = "held"
    }
  ],
  [
    "an entry in another currency",
    ["ledger_differs", "unbalanced"],
    ({ life }) => {
      const entry = life.entries.at(-1)
      if (entry !== undefined) entry.currency = "EUR"
    }
  ],
  [
    "a card number in a column",
    ["secret_in_clear"],
    ({ life }) => {
      life.payment.texts = { order_ref: "4111 1111 1111 1111" }
    }
  ],
  [
    "a token in a column",
    ["secret_in_clear"],
    ({ capture }) => {
      capture.texts = { doubt: "no answer for 09LMQ886L2K2W11MPX1" }
    }
  ],
  [
    "a token in an event",
    ["secret_in_clear"],
    ({ life }) => {
      life.events[0]?.texts && Object.assign(life.events[0], { texts: { payload: '{"x":"09LMQ886L2K2W11MPX1"}' } })
    }
  ]
]

describe("a violation", () => {
  it.prop("comes from any one field that is changed", [Choices], ([choices]) => {
    const lives = () => livesOf([choices])
    for (let index = 0; index < lives().flatMap(corruptionsOf).length; index++) {
      const harmed = lives()
      const corruption = harmed.flatMap(corruptionsOf)[index]
      corruption?.apply()
      assert.isNotEmpty(inspect(harmed), corruption?.what)
    }
  })

  it.each(wrongs)("is found and named: %s", (_, names, harm) => {
    const whole = wholeLife()
    harm(whole)
    assert.sameMembers(namesOf([whole.life]), [...names])
  })

  it("is a pair that stands for two calls", () => {
    const [one, other] = [sale("declined"), sale("declined")]
    const { tran_nbr } = one.first
    other.first.tran_nbr = tran_nbr
    for (const each of other.gateway) each.tranNbr = String(tran_nbr)
    other.requests.splice(0)
    assert.deepStrictEqual(namesOf([one, other]), ["pair_reused"])
  })

  it("is a key that was cancelled before its use, and used", () => {
    const life = sale()
    const { environment, idempotency_key, merchant_id } = life.first
    const id = sale().first.id
    const tombstone = { id, environment, merchant_id, idempotency_key: idempotency_key ?? "" }
    assert.deepStrictEqual(
      inspect([life], [tombstone]).map(({ name }) => name),
      ["key_reused"]
    )
  })

  it("is a charge that stands although it was given up", () => {
    const life = sale("lost_undone")
    life.resolve(life.first)
    const [done] = life.gateway
    if (done !== undefined) done.amount = 1999
    assert.deepStrictEqual(namesOf([life]), ["not_on_books"])
  })

  it("is a call that reached the gateway although it counts as not sent", () => {
    const life = sale("not_sent")
    const other = sale("declined")
    life.requests.push(
      ...other.requests.map(({ fields, key }) => ({ key, fields: { ...fields, USER_DATA_2: life.first.id } }))
    )
    life.first.tran_nbr = other.first.tran_nbr
    assert.deepStrictEqual(namesOf([life]), ["sent_unrecorded"])
  })

  it("is more captured than authorized", () => {
    const { life } = wholeLife()
    life.payment.authorized = 1499
    assert.include(namesOf([life]), "beyond_limit")
  })

  it("is a call that outlived its lease", () => {
    const life = new Life("sale", 1999)
    assert.deepStrictEqual(namesOf([life], now + 60_000), [])
    assert.deepStrictEqual(namesOf([life], now + 80_000), ["lease_overdue"])
  })

  it("is a step that nobody took", () => {
    const life = sale("lost_done")
    assert.deepStrictEqual(namesOf([life], now + 25_000), [])
    assert.deepStrictEqual(namesOf([life], now + 40_000), ["step_overdue"])
  })

  it("is a doubt that lasts longer than anything automatic does, unless people have it", () => {
    const life = sale("lost_done")
    life.first.has_bric = false
    life.first.next_attempt_at = now + 200_000
    assert.deepStrictEqual(namesOf([life], now + 140_000), [])
    assert.deepStrictEqual(namesOf([life], now + 150_000), ["doubt_overdue"])
    life.first.next_attempt_at = null
    assert.deepStrictEqual(namesOf([life], now + 150_000), [])
    life.first.next_attempt_at = now + 30 * 3_600_000
    const { id } = sale().first
    life.transactions.push({ ...life.first, id, type: "void", status: "failed", probe_of: life.first.id })
    assert.notInclude(namesOf([life], now + 25 * 3_600_000), "doubt_overdue")
    assert.include(namesOf([life], now + 26 * 3_600_000), "doubt_overdue")
  })

  it("names its payment, its transaction and what is wrong, without the secret", () => {
    const { life, capture } = wholeLife()
    capture.texts = { doubt: "09LMQ886L2K2W11MPX1" }
    assert.deepStrictEqual(inspect([life]), [
      {
        name: "secret_in_clear",
        payment_id: life.payment.id,
        transaction_id: capture.id,
        detail: "doubt holds a token"
      }
    ])
  })
})
