import { isIP } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { NetworkAddress, networkOf } from "../../src/domain/NetworkAddress.ts"

const isAddress = Schema.is(NetworkAddress)

const digit = Schema.Literals(["0", "1", "9", "a", "F", "255", "256", "01", "ffff", "fffff"])
const separator = Schema.Literals([".", ":", "::", "", "%", "/", "]", "@", " "])

describe("a network address", () => {
  it("is what Node takes for one, but for zones", () => {
    for (const text of ["192.0.2.1", "0.0.0.0", "::", "::1", "2001:DB8::1", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"]) {
      assert.isTrue(isAddress(text), text)
    }
    for (const text of ["", " ", "1", "1.2.3", "01.2.3.4", "256.1.1.1", "1.2.3.4:80", "[::1]", "1::2::3", "::1%eth0"]) {
      assert.isFalse(isAddress(text), text)
    }
  })

  it.prop(
    "is nothing else",
    [Schema.Array(Schema.Tuple([digit, separator])).check(Schema.isMinLength(3), Schema.isMaxLength(9))],
    ([pieces]) => {
      const text = pieces.flat().join("")
      assert.strictEqual(isAddress(text), isIP(text) > 0 && !text.includes("%"), text)
    },
    { arbitrary: { runs: 2_000 } }
  )

  it("belongs to one buyer as a whole, or by its first half", () => {
    assert.strictEqual(networkOf("192.0.2.1"), "192.0.2.1")
    assert.strictEqual(networkOf("::ffff:192.0.2.1"), "192.0.2.1")
    assert.strictEqual(networkOf("::FFFF:c000:201"), "192.0.2.1")
    assert.strictEqual(networkOf("2001:db8:0:1::"), "2001:db8:0:1")
    for (const same of ["2001:DB8::1:0:0:0:9", "2001:0db8:0000:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1::1.2.3.4"]) {
      assert.strictEqual(networkOf(same), "2001:db8:0:1", same)
    }
    assert.notStrictEqual(networkOf("2001:db8:0:2::"), "2001:db8:0:1")
    assert.strictEqual(networkOf("::"), "0:0:0:0")
  })
})
