import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PaymentRow, paymentOf, toPayment } from "../../src/postgres/PaymentRow.ts"
import { paymentRow } from "../micro/UsualSale.ts"

const encode = Schema.encodeSync(PaymentRow)
const decode = Schema.decodeUnknownSync(PaymentRow)

/** The same with the members of each object in another order, as they come out of `jsonb`. */
const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== "object" || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, shuffled(member)])
  )
}

describe("the row of a payment", () => {
  it.prop("is read as its schema reads it, to the order of its members", [PaymentRow], ([row]) => {
    const raw = shuffled(encode(row))
    assert.strictEqual(JSON.stringify(paymentOf(raw)), JSON.stringify(toPayment(decode(raw))))
    assert.deepStrictEqual(paymentOf(raw), toPayment(decode(raw)))
  })

  it.each([
    "2026-11-22T16:30:00+00:00",
    "2026-11-22T16:30:00.1+00:00",
    "2026-11-22T16:30:00.12345+00:00",
    "2026-11-22T16:30:00.123456+00:00",
    "2026-11-22T16:30:00.999999+00:00",
    "2026-11-22T18:30:00.123456+02:00"
  ])("tells an instant as its schema does: %s", (created_at) => {
    const row = paymentRow("01a2042c-fd7c-766c-972a-9e5d917959a1")
    const raw = { ...row, transactions: row.transactions.map((each) => ({ ...each, created_at })) }
    assert.deepStrictEqual(paymentOf(raw), toPayment(decode(raw)))
  })
})
