import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { containsCardNumber, findCardNumber } from "../../src/http/CardNumber.ts"

const corpus = (name: string): ReadonlyArray<string> =>
  readFileSync(new URL(`corpus/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "))

const luhnDigit = (digits: string): string => {
  const doubled = [...digits].reverse().map((digit, place) => (place % 2 === 0 ? Number(digit) * 2 : Number(digit)))
  const sum = doubled.reduce((total, value) => total + (value > 9 ? value - 9 : value), 0)
  return String((10 - (sum % 10)) % 10)
}

const isBarCode = (digits: string): boolean =>
  [...digits].reverse().reduce((sum, digit, place) => sum + Number(digit) * (place % 2 === 0 ? 1 : 3), 0) % 10 === 0

const issued = [
  ...["4"].flatMap((first) => [13, 16, 19].map((length) => ({ first, length }))),
  ...["51", "52", "53", "54", "55", "2221", "2229", "23", "26", "2700", "2720"].map((first) => ({ first, length: 16 })),
  ...["34", "37"].map((first) => ({ first, length: 15 })),
  ...["6011", "622126", "622925", "644", "649", "65", "3528", "3589", "62", "8100", "8171"].flatMap((first) =>
    [16, 17, 18, 19].map((length) => ({ first, length }))
  ),
  ...["36", "38", "39", "300", "305", "3095"].flatMap((first) => [14, 16, 19].map((length) => ({ first, length }))),
  ...["50", "56", "57", "58", "63", "67"].flatMap((first) => [14, 15, 16, 18, 19].map((length) => ({ first, length })))
]

const CardNumber = Arbitrary.array(Arbitrary.schema(Schema.Literals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])), {
  minLength: 18,
  maxLength: 18
}).pipe(
  Arbitrary.flatMap((digits) =>
    Arbitrary.map(Arbitrary.schema(Schema.Literals(issued.map((_, index) => index))), (index) => {
      const { first, length } = issued[index] ?? { first: "4", length: 16 }
      const body = (first + digits.join("")).slice(0, length - 1)
      return body + luhnDigit(body)
    })
  ),
  // What the detector reads as a bar code or a German telephone number.
  Arbitrary.filter(
    (digits) => digits.length > 14 || digits.startsWith("3") || !(isBarCode(digits) || /^491[567]/.test(digits))
  )
)

const split = (digits: string, sizes: ReadonlyArray<number>): ReadonlyArray<string> => {
  const groups: Array<string> = []
  let from = 0
  for (const size of sizes) {
    groups.push(digits.slice(from, from + size))
    from += size
  }
  return [...groups, digits.slice(from)].filter((group) => group !== "")
}

const groupings = (digits: string): ReadonlyArray<ReadonlyArray<string>> => [
  split(digits, [4, 4, 4, 4]),
  split(digits, digits.length < 16 ? [4, 6] : [6]),
  split(digits, [4, 4, 4]),
  split(digits, Array<number>(19).fill(1)),
  split(digits, Array<number>(9).fill(2)),
  split(digits, [8])
]

const inScript = (text: string, zero: number): string =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

const separators = [
  " ",
  "-",
  ".",
  "_",
  "/",
  " - ",
  "  ",
  "\t",
  "\r\n",
  "\u00a0",
  "\u2009",
  "\u2013",
  "\u2011",
  "\u00b7"
]

const spellings = (digits: string): ReadonlyArray<string> => [
  digits,
  ...groupings(digits).flatMap((groups) => separators.map((separator) => groups.join(separator))),
  ...[0xff10, 0x0660, 0x06f0, 0x0966, 0x1d7ce, 0x1e950].flatMap((zero) => [
    inScript(digits, zero),
    inScript(split(digits, [4, 4, 4, 4]).join("\u3000"), zero)
  ]),
  split(digits, [4, 4, 4, 4]).join("\u200b"),
  [...digits].join("\u0301"),
  `pay with ${digits} please`,
  `card${digits}x`,
  `0 ${split(digits, [4, 4, 4, 4]).join(" ")} 12/27`,
  JSON.stringify({ card: digits }),
  `550e8400-e29b-41d4-a716-446655440000 ${digits}`
]

describe("containsCardNumber", () => {
  it.each(corpus("cards.txt"))("finds %s", (line) => {
    assert.isTrue(containsCardNumber(line))
  })

  it("lets real systems' numbers pass", () => {
    const lines = corpus("legitimate.txt")
    assert.isAtLeast(lines.length, 300)
    assert.deepStrictEqual(lines.filter(containsCardNumber), [])
  })

  it.prop(
    "finds each card number in each spelling",
    { digits: CardNumber },
    ({ digits }) => {
      assert.deepStrictEqual(
        spellings(digits).filter((text) => !containsCardNumber(text)),
        []
      )
    },
    { arbitrary: { runs: 500 } }
  )

  it.prop("lets a wrong check digit pass", { digits: CardNumber }, ({ digits }) => {
    const wrong = digits.slice(0, -1) + String((Number(digits.slice(-1)) + 1) % 10)
    assert.isFalse(containsCardNumber(wrong))
  })

  it.prop("lets a longer run of digits pass", { digits: CardNumber }, ({ digits }) => {
    const twenty = digits.padEnd(20, "7")
    assert.isFalse(containsCardNumber(twenty))
    assert.isFalse(containsCardNumber(`x${twenty}0x`))
  })

  it.each([
    ["1", 16],
    ["2220", 16],
    ["2721", 16],
    ["3061", 16],
    ["35", 15],
    ["3527", 16],
    ["3590", 16],
    ["37", 16],
    ["4", 12],
    ["4", 15],
    ["50", 13],
    ["59", 16],
    ["62", 15],
    ["7", 16],
    ["8099", 16],
    ["8172", 16],
    ["9", 16]
  ])("lets numbers from %s with %i digits pass: no network issues them", (first, length) => {
    const body = first.padEnd(length - 1, "0")
    assert.isFalse(containsCardNumber(body + luhnDigit(body)))
  })

  it("reads every decimal digit that Unicode has", () => {
    const digits: Array<string> = []
    for (let code = 0; code < 0x1ffff; code++) {
      const char = String.fromCodePoint(code)
      if (/\p{Nd}/u.test(char)) digits.push(char)
    }
    assert.isAtLeast(digits.length, 600)
    for (let zero = 0; zero < digits.length; zero += 10) {
      const text = "5105105105105100".replace(/\d/g, (digit) => digits[zero + Number(digit)] ?? "")
      assert.isTrue(containsCardNumber(text), text)
    }
  })

  // Quadratic searching would take minutes.
  it.each(["4 ", "1", "4111 ", "1a", "AD12 ", "12345678-", "0123456789abcdef", "4 - ", "\ufdfa"])(
    "takes linear time over 64 KiB of %s",
    (part) => {
      assert.isFalse(containsCardNumber(`1234567890123 ${part.repeat(65_536 / part.length)}`))
    },
    2_000
  )
})

const Name = Schema.Literals(["a", "card", "1234567", "٤١١١١١١١", "1763826640000", "a/b~c", "order 42"])

describe("findCardNumber", () => {
  const card = "4111111111111111"

  it("names the place of a value", () => {
    assert.strictEqual(findCardNumber(card), "")
    assert.strictEqual(findCardNumber({ source: { number: card } }), "/source/number")
    assert.strictEqual(findCardNumber({ "a/b~c": [1, "x", `pay ${card}`] }), "/a~1b~0c/2")
    assert.strictEqual(findCardNumber(JSON.parse(`{"amount":1999,"__proto__":"${card}"}`)), "/__proto__")
  })

  it("reads numbers by their integer part", () => {
    assert.strictEqual(findCardNumber({ amount: 4111111111111111 }), "/amount")
    assert.strictEqual(findCardNumber({ amount: -378282246310005 }), "/amount")
    assert.strictEqual(findCardNumber({ amount: 4111111111111111.5 }), "/amount")
    assert.isUndefined(findCardNumber({ amount: 4111111111111112 }))
    assert.isUndefined(findCardNumber({ ratio: 0.4111111111111111 }))
    assert.isUndefined(findCardNumber([1999, 1763826640000, 4006381333931, 1e300, Number.MAX_SAFE_INTEGER, null, true]))
  })

  it("refuses a number that JSON has rounded by its range alone", () => {
    assert.strictEqual(findCardNumber(JSON.parse("[6205500000000000004]")), "/0")
    assert.strictEqual(findCardNumber(JSON.parse("[6205500000000000005]")), "/0")
    assert.isUndefined(findCardNumber(JSON.parse("[1994567890123456789]")))
  })

  it("points to the object around a field name", () => {
    assert.strictEqual(findCardNumber({ [card]: 1 }), "")
    assert.strictEqual(findCardNumber({ metadata: { "4111 1111 1111 1111": null } }), "/metadata")
    assert.strictEqual(findCardNumber({ items: [{ ok: 1 }, { [card]: { deep: true } }] }), "/items/1")
  })

  it("never spells a card number over the parts of a pointer", () => {
    assert.strictEqual(findCardNumber({ "41111111": { "11111111": { x: card } } }), "/41111111")
    assert.strictEqual(findCardNumber({ "1763826640000": card }), "")
  })

  it("refuses what is nested deeper than 32 levels, and a cycle", () => {
    const nest = (depth: number): unknown => (depth === 0 ? "x" : [nest(depth - 1)])
    assert.isUndefined(findCardNumber(nest(32)))
    assert.strictEqual(findCardNumber(nest(33)), "/0".repeat(12))
    assert.isDefined(findCardNumber(JSON.parse("[".repeat(5_000) + "]".repeat(5_000))))
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    assert.isDefined(findCardNumber(cycle))
  })

  it.prop(
    "finds a card number in any place, and its pointer has fewer than 13 digits",
    { digits: CardNumber, names: Schema.Array(Name).check(Schema.isMaxLength(8)), asName: Schema.Boolean },
    ({ asName, digits, names }) => {
      const leaf: unknown = asName ? { other: 1, [digits]: true } : { other: 1, number: digits }
      const body = names.reduceRight<unknown>((inner, name) => ({ first: "x", [name]: inner, last: [1, 2] }), leaf)
      const pointer = findCardNumber(body)
      assert.isDefined(pointer)
      assert.isBelow(pointer?.normalize("NFKC").match(/\p{Nd}/gu)?.length ?? 0, 13)
      assert.isUndefined(findCardNumber(JSON.parse(JSON.stringify(body).replace(digits, "x"))))
    }
  )
})
