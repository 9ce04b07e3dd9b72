import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { PaymentIds } from "../../src/domain/Ids.ts"

const decode = Schema.decodeUnknownOption(PaymentIds.Id)

describe("ids", () => {
  it.prop("are their UUID in other letters", [Schema.String.check(Schema.isUUID())], ([uuid]) => {
    const id = PaymentIds.fromUuid(uuid)
    assert.match(id, /^pay_[0-9a-hjkmnp-tv-z]{26}$/)
    assert.strictEqual(PaymentIds.toUuid(id), uuid.toLowerCase())
    assert.isTrue(decode(id)._tag === "Some")
  })

  it("sort in the order they were made", () => {
    const made = Array.from({ length: 100 }, () => PaymentIds.fromUuid(SecureRandom.uuidV7Unsafe()))
    assert.deepStrictEqual(made.toSorted(), made)
  })

  it.each([
    "",
    "pay_",
    "txn_01m822y86jez9vdxgyd1etf37k",
    "pay_01m822y86jez9vdxgyd1etf37",
    "pay_01m822y86jez9vdxgyd1etf37k0",
    "pay_81m822y86jez9vdxgyd1etf37k",
    "pay_01M822Y86JEZ9VDXGYD1ETF37K",
    "pay_01m822y86jez9vdxgyd1etf37u",
    " pay_01m822y86jez9vdxgyd1etf37k"
  ])("refuse %j", (text) => {
    assert.isTrue(decode(text)._tag === "None")
  })
})
