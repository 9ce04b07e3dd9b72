import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Payment } from "../../src/domain/Payment.ts"
import { shown } from "../../src/payments/PaymentAnswer.ts"

const encode = Schema.encodeSync(Payment)

describe("a payment", () => {
  it.prop("is shown as its schema describes it", [Payment], ([payment]) => {
    const { body } = shown({ payment, version: 1 })
    assert(body._tag === "Uint8Array")
    assert.strictEqual(body.contentType, "application/json")
    assert.strictEqual(Buffer.from(body.body).toString(), JSON.stringify(encode(payment)))
  })
})
