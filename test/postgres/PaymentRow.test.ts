import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PaymentRow, paymentOf, toPayment } from "../../src/postgres/PaymentRow.ts"

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
})
