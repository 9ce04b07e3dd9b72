import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { Decimal } from "../../src/epx/Decimal.ts"

const decode = Schema.decodeResult(Decimal)
const encode = Schema.encodeSync(Decimal)

describe("Decimal", () => {
  it.each([
    ["0.00", 0],
    ["0.01", 1],
    ["19.99", 1999],
    ["1.10", 110],
    ["4.35", 435],
    ["1.1000", 110],
    ["0.0000", 0],
    ["9999999.99", 999_999_999],
    ["0000000025.00", 2500]
  ])("reads %s", (text, minor) => {
    assert.deepStrictEqual(decode(text), Result.succeed(minor))
  })

  it.each([
    "1.0001",
    "1.0010",
    "1.001",
    "1.0",
    "1.",
    "1",
    ".10",
    "-1.00",
    "+1.00",
    "1,000.00",
    "1e3",
    "١.٠٠",
    "0x1.00",
    "12345678901.00",
    " 1.00",
    ""
  ])("refuses %s", (text) => {
    assert.isTrue(Result.isFailure(decode(text)))
  })

  it.effect.prop("writes what it reads", [Schema.toType(Decimal)], ([minor]) =>
    Effect.sync(() => {
      const text = encode(minor)
      assert.match(text, /^\d{1,10}\.\d{2}$/)
      assert.deepStrictEqual(decode(text), Result.succeed(minor))
      assert.deepStrictEqual(decode(`${text}00`), Result.succeed(minor))
    })
  )
})
