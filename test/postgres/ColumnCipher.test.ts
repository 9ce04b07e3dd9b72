import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Redacted, Schema } from "effect"
import { type CipherKeys, ColumnCipher, type Sealed } from "../../src/postgres/ColumnCipher.ts"

const bytes = (seed: number) => Uint8Array.from({ length: 32 }, (_, index) => (index * 7 + seed * 31) % 256)
const key = (id: string, seed: number) => ({ id, key: Redacted.make(bytes(seed)) })

const cipherOf = (keys: CipherKeys, fingerprintSeed = 100) => {
  const layer = ColumnCipher.layer({ keys, fingerprintKey: Redacted.make(bytes(fingerprintSeed)) })
  return Context.get(Effect.runSync(Effect.scoped(Layer.build(layer))), ColumnCipher)
}

const cipher = cipherOf([key("a", 1)])
const place = "transactions.bric txn_1"
const seal = (secret: string, to = cipher) => to.seal(Redacted.make(secret), place)
const open = (sealed: Sealed, from = cipher, at = place) =>
  Effect.runSync(Effect.exit(Effect.map(from.unseal(sealed, at), Redacted.value)))

const assertShut = (exit: Exit.Exit<unknown, unknown>, keyId = "a") => {
  const error = Exit.isFailure(exit) ? Effect.runSync(Effect.flip(exit)) : undefined
  assert.deepInclude({ ...Object(error) }, { _tag: "CannotUnseal", keyId })
}

// Half of a surrogate pair has no bytes in UTF-8.
const Text = Schema.String.check(Schema.isPattern(/^\P{Cs}*$/u))

describe("ColumnCipher", () => {
  it.prop("opens what it sealed", { secret: Text, at: Text }, ({ at, secret }) => {
    const sealed = cipher.seal(Redacted.make(secret), at)
    assert.deepStrictEqual(open(sealed, cipher, at), Exit.succeed(secret))
  })

  it.prop("opens at no other place", { secret: Text, at: Text, other: Text }, ({ at, other, secret }) => {
    if (at !== other) assertShut(open(cipher.seal(Redacted.make(secret), at), cipher, other))
  })

  it("does not open once any byte was changed", () => {
    const { keyId, sealed } = seal("09LMQ886L2K2W11MPX1")
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === index ? byte ^ 1 : byte))
      assertShut(open({ keyId, sealed: changed }))
    }
  })

  it("does not open when bytes are missing or follow", () => {
    const { keyId, sealed } = seal("09LMQ886L2K2W11MPX1")
    for (let length = 0; length < sealed.length; length++) {
      assertShut(open({ keyId, sealed: sealed.subarray(0, length) }))
    }
    assertShut(open({ keyId, sealed: sealed.subarray(1) }))
    assertShut(open({ keyId, sealed: Buffer.concat([sealed, Buffer.of(0)]) }))
  })

  it("does not open under a key it does not have, nor under another key of the same id", () => {
    const sealed = seal("secret")
    assertShut(open({ ...sealed, keyId: "b" }), "b")
    assertShut(open(sealed, cipherOf([key("a", 2)])))
    assertShut(open({ ...sealed, keyId: "b" }, cipherOf([key("a", 1), key("b", 2)])), "b")
  })

  it("never uses a nonce twice", () => {
    const nonces = new Set(
      Array.from({ length: 10_000 }, () => Buffer.from(seal("secret").sealed.subarray(0, 12)).toString("hex"))
    )
    assert.strictEqual(nonces.size, 10_000)
  })

  it("seals by the first key and opens by all", () => {
    const before = seal("old")
    const rotated = cipherOf([key("b", 2), key("a", 1)])
    const after = seal("new", rotated)
    assert.strictEqual(after.keyId, "b")
    assert.deepStrictEqual(open(before, rotated), Exit.succeed("old"))
    assert.deepStrictEqual(open(after, rotated), Exit.succeed("new"))
    assertShut(open(after), "b")
  })

  it.prop("fingerprints equal values alike and others apart", { one: Text, other: Text }, ({ one, other }) => {
    const print = cipher.fingerprint(one)
    assert.strictEqual(print.length, 32)
    assert.deepStrictEqual(print, cipher.fingerprint(one))
    if (one !== other) assert.notDeepEqual(print, cipher.fingerprint(other))
  })

  it("keeps fingerprints while encryption keys rotate", () => {
    const rotated = cipherOf([key("b", 2), key("a", 1)])
    assert.deepStrictEqual(rotated.fingerprint("secret"), cipher.fingerprint("secret"))
  })

  it("gives fingerprints that are worth nothing under another key", () => {
    assert.notDeepEqual(cipherOf([key("a", 1)], 101).fingerprint("secret"), cipher.fingerprint("secret"))
  })

  it("reads what earlier versions stored", () => {
    // Made by other means: AES-256-GCM as NIST SP 800-38D has it, and HMAC under a key by RFC 5869.
    const sealed = Buffer.from("090909090909090909090909df3e4ce73b41fefaf883976ce278ceccd7919bf35acb", "hex")
    assert.deepStrictEqual(open({ keyId: "a", sealed }), Exit.succeed("secret"))
    assert.strictEqual(
      Buffer.from(cipher.fingerprint("secret")).toString("hex"),
      "b39edabc66f1a755ad5893389acdd61293b23452ba73b277f57aa14ffcf71ff4"
    )
  })

  it("shows no secret to whoever prints it", () => {
    const secret = "09LMQ886L2K2W11MPX1"
    const sealed = seal(secret)
    const keys = [bytes(1), bytes(100), Buffer.from(secret)]
    const telling = keys.flatMap((raw) => [
      Buffer.from(raw).toString("hex"),
      Buffer.from(raw).toString("base64"),
      Buffer.from(raw).toString("latin1"),
      raw.join(","),
      raw.join(", ")
    ])
    const opened = Effect.runSync(cipher.unseal(sealed, place))
    const refused = Effect.runSync(Effect.flip(cipher.unseal({ ...sealed, keyId: "b" }, place)))
    for (const thing of [cipher, ColumnCipher, sealed, opened, refused, cipherOf([key("b", 2), key("a", 1)])]) {
      const shown = [
        String(thing),
        inspect(thing, { depth: null, showHidden: true, maxArrayLength: null }),
        JSON.stringify(thing) ?? ""
      ]
      for (const text of shown) for (const part of telling) assert.notInclude(text, part)
    }
  })
})
