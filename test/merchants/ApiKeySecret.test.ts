import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import { Environment } from "../../src/domain/Terminal.ts"
import { hashSecret, hasSecretForm, hintOf, makeSecret } from "../../src/merchants/ApiKeySecret.ts"

const kind = Schema.Literals(["sk", "op"])
const byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const bytes = Schema.Array(byte).check(Schema.isMinLength(32), Schema.isMaxLength(32))

describe("ApiKeySecret", () => {
  it("is its prefix and 32 bytes in base64url", () => {
    const secret = makeSecret("sk", "live", Buffer.alloc(32, 0xff))
    assert.strictEqual(Redacted.value(secret), `sk_live_${"_".repeat(42)}8`)
    assert.strictEqual(hintOf(secret), "___8")
    assert.strictEqual(
      hashSecret(Redacted.make("abc")),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "FIPS 180-2, B.1"
    )
  })

  it.prop("has the form that is asked of it", { kind, environment: Environment, bytes }, (given) => {
    const secret = makeSecret(given.kind, given.environment, Buffer.from(given.bytes))
    assert.isTrue(hasSecretForm(secret))
    assert.strictEqual(
      Buffer.from(Redacted.value(secret).slice(8), "base64url").toString("hex"),
      Buffer.from(given.bytes).toString("hex")
    )
  })

  const whole = `sk_test_${"A".repeat(43)}`
  it.each([
    "",
    "sk_test_",
    whole.slice(0, -1),
    `${whole}A`,
    `${whole}\n`,
    ` ${whole}`,
    whole.replace("sk", "pk"),
    whole.replace("test", "prod"),
    whole.toUpperCase(),
    whole.replace("AAAA", "AA+/"),
    whole.replace("AAAA", "AA=="),
    // Bits that 32 bytes do not have.
    `${whole.slice(0, -1)}B`,
    whole.replace("AAAA", "ÄÄÄÄ"),
    "x".repeat(10_000)
  ])("refuses %j", (text) => {
    assert.isFalse(hasSecretForm(Redacted.make(text)))
  })

  it("does not show itself", () => {
    const secret = makeSecret("op", "test", Buffer.alloc(32, 7))
    assert.notInclude(`${secret} ${JSON.stringify({ secret })}`, hintOf(secret))
  })
})
