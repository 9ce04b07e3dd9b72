import { assert, describe, it } from "@effect/vitest"
import { amexCodes } from "../../src/epx/AmexCodes.ts"
import { avsCodes, avsMatch } from "../../src/epx/AvsCodes.ts"
import { brandOf } from "../../src/epx/CardTypes.ts"
import { cvvCodes, cvvMatch } from "../../src/epx/CvvCodes.ts"
import { messages } from "../../src/epx/Messages.ts"
import { declineOf, dialects, meaningOf, responseCodes } from "../../src/epx/ResponseCodes.ts"

/** Every response code by category, retry class and message. */
const pinned = {
  "approved none ok": "00",
  "approved unknown unknown": "85",
  "configuration no generic": "31 40",
  "configuration ops generic": "81 ES SF SL SR",
  "configuration ops ours": "03 58 60 66 E4 E5 E6 E7 EK EP NR SV",
  "fixable fix address": "6P",
  "fixable fix authenticate": "1A",
  "fixable fix cvv": "82 EC EO N7",
  "fixable fix expired": "33 54 SA SG SM",
  "fixable fix generic": "SU",
  "fixable fix number": "14 EA EB ST",
  "fixable no generic": "38 55 75 86 89 Q1",
  "hard no generic":
    "04 07 12 17 34 36 37 39 41 43 46 57 59 62 63 64 67 79 83 93 EE N3 N4 P5 P6 SC SD SI SJ SO SP Z1 Z3",
  "hard no number": "15 52 53 56 78 SX",
  "hard no stop": "R0 R1 R3 SE SK SQ",
  "partial_approval none part": "10",
  "referral no generic": "01 02 08 70",
  "referral ops generic": "35",
  "request fix address": "E2",
  "request fix cvv": "E3",
  "request no generic": "EY",
  "request ops generic": "EM",
  "request ops ours": "13 30 80 84 B1 DA E1 EF EH EI EJ ET EW EX P2 RR S9 SW",
  "soft later funds": "51 61 65",
  "soft later generic": "05 N6 SB SH SN",
  "state fix expired": "SS",
  "state ops ours": "21 22 25 76 77 ED EV S5 S7 S8",
  "state unknown unknown": "11 94",
  "system later later": "28 91 92 N0",
  "system ops later": "EU",
  "system tech later": "19 87 88 90 96 EQ S4",
  "system tech ours": "06 EL ER",
  "system unknown unknown": "68 E9 EN TO"
}

const amexPinned = {
  "approved none ok": "000 001",
  "configuration ops ours": "109 189",
  "fixable fix expired": "101 125 187",
  "fixable fix number": "111",
  "fixable no generic": "106 117",
  "hard no generic": "115 200",
  "hard no number": "119",
  "partial_approval none part": "002",
  "referral no generic": "107",
  "request ops ours": "110 181 183",
  "soft later funds": "116 121",
  "soft later generic": "100",
  "system later later": "912",
  "system tech later": "900 909"
}

const grouped = (table: typeof responseCodes): Readonly<Record<string, string>> => {
  const groups = new Map<string, Array<string>>()
  for (const [code, [category, retry, message]] of table) {
    const group = `${category} ${retry} ${message}`
    groups.set(group, [...(groups.get(group) ?? []), code])
  }
  return Object.fromEntries([...groups].map(([group, codes]) => [group, codes.toSorted().join(" ")]))
}

describe("responseCodes", () => {
  it("lists the 156 codes of EPX", () => {
    assert.strictEqual(responseCodes.size, 156)
    assert.deepStrictEqual(grouped(responseCodes), pinned)
  })

  it("lists the 24 codes of American Express", () => {
    assert.strictEqual(amexCodes.size, 24)
    assert.deepStrictEqual(grouped(amexCodes), amexPinned)
  })

  it("explains every code to operators", () => {
    const tables = [responseCodes, amexCodes, ...Object.values(dialects)]
    for (const table of tables) for (const [, , , meaning] of table.values()) assert.isNotEmpty(meaning)
  })

  it("never tells a payer of fraud, theft or loss", () => {
    for (const message of Object.values(messages))
      assert.notMatch(message, /fraud|stolen|lost|theft|suspect|security viol/i)
  })
})

describe("meaningOf", () => {
  it.each([
    ["14", "visa", "fixable"],
    ["14", "ach", "hard"],
    ["25", "visa", "state"],
    ["25", "ach", "fixable"],
    ["78", "visa", "hard"],
    ["78", "ach", "fixable"],
    ["82", "visa", "fixable"],
    ["82", "mastercard", "hard"],
    ["87", "discover", "system"],
    ["87", "mastercard", "hard"],
    ["EA", "amex", "fixable"],
    ["EA", "ach", "state"],
    ["EX", "visa", "request"],
    ["EX", "ach", "hard"],
    ["51", "ach", "soft"]
  ] as const)("reads %s of %s as %s", (code, dialect, category) => {
    assert.strictEqual(meaningOf(code, dialect)?.[0], category)
  })

  it.each(["ZZ", "99", "", "0", "000", "constructor", "__proto__"])("does not know %j", (code) => {
    assert.isUndefined(meaningOf(code, "visa"))
  })
})

describe("declineOf", () => {
  it.each([
    ["51", null, "visa", { code: "51", category: "soft", message: messages.funds, retryable: true }],
    ["41", "41", "visa", { code: "41", category: "hard", message: messages.generic, retryable: false }],
    ["54", "54", "visa", { code: "54", category: "fixable", message: messages.expired, retryable: false }],
    ["96", "96", "visa", { code: "96", category: "system", message: messages.later, retryable: true }],
    ["RR", null, "other", { code: "RR", category: "request", message: messages.ours, retryable: false }],
    ["SC", "79", "mastercard", { code: "SC", category: "hard", message: messages.generic, retryable: false }]
  ] as const)("reads %s / %s of %s", (code, network, dialect, decline) => {
    assert.deepStrictEqual(declineOf(code, network, dialect), decline)
  })

  it.each([
    ["116", "amex", "116", "soft"],
    ["200", "amex", "200", "hard"],
    ["41", "visa", "41", "hard"],
    ["82", "mastercard", "82", "hard"],
    ["54", "amex", "54", "fixable"]
  ] as const)("looks behind a 05 at the network's %s of %s", (network, dialect, code, category) => {
    assert.deepInclude(declineOf("05", network, dialect), { code, category })
  })

  it.each([
    ["05", "visa"],
    ["116", "visa"],
    ["000", "amex"],
    ["002", "amex"],
    ["00", "visa"],
    ["10", "visa"],
    ["85", "visa"],
    ["94", "visa"],
    ["ZZ", "visa"],
    [null, "visa"]
  ] as const)("stays with 05 where the network's %s of %s is no known refusal", (network, dialect) => {
    assert.deepInclude(declineOf("05", network, dialect), { code: "05", category: "soft", retryable: true })
  })

  it("looks behind no other code", () => {
    assert.deepInclude(declineOf("51", "41", "visa"), { code: "51" })
  })

  it.each(["00", "10", "11", "85", "68", "94", "E9", "EN", "TO", "ZZ"])("makes no refusal of %s", (code) => {
    assert.isUndefined(declineOf(code, "41", "visa"))
  })
})

describe("brandOf", () => {
  it("knows the brands by EPX's letters", () => {
    const letters = {
      V: "visa",
      M: "mastercard",
      S: "amex",
      R: "discover",
      J: "jcb",
      N: "diners",
      3: "unionpay",
      0: "maestro"
    }
    for (const [letter, brand] of Object.entries(letters)) assert.strictEqual(brandOf(letter), brand)
    for (const letter of ["L", "E", "O", "A", "D", "1", "2", "4", "5", "6", "7", "8", "?"]) {
      assert.strictEqual(brandOf(letter), "other")
    }
  })
})

describe("avsMatch", () => {
  const byClass = (table: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      [...new Set(Object.values(table))].map((match) => [
        match,
        Object.keys(table)
          .filter((code) => table[code] === match)
          .toSorted()
          .join("")
      ])
    )

  it("classes every code of every brand", () => {
    assert.deepStrictEqual(byClass(avsCodes.visa), {
      full: "DFMXY",
      postal: "PWZ",
      street: "AB",
      none: "N",
      unavailable: "CGIRSU"
    })
    assert.deepStrictEqual(byClass(avsCodes.mastercard), {
      full: "XY",
      postal: "WZ",
      street: "A",
      none: "N",
      unavailable: "RSU"
    })
    assert.deepStrictEqual(byClass(avsCodes.discover), {
      full: "XY",
      postal: "WZ",
      street: "A",
      none: "N",
      unavailable: "GRSU"
    })
    assert.deepStrictEqual(byClass(avsCodes.amex), {
      full: "EMY",
      postal: "DLZ",
      street: "AFO",
      none: "KNW",
      unavailable: "RSU"
    })
  })

  it("reads the same letter by brand", () => {
    assert.strictEqual(avsMatch("W", "mastercard"), "postal")
    assert.strictEqual(avsMatch("W", "amex"), "none")
    assert.strictEqual(avsMatch("D", "visa"), "full")
    assert.strictEqual(avsMatch("D", "amex"), "postal")
    assert.strictEqual(avsMatch("D", "discover"), "unavailable")
    assert.strictEqual(avsMatch("G", "jcb"), avsMatch("G", "discover"))
    assert.strictEqual(avsMatch("X", "maestro"), "full")
    assert.strictEqual(avsMatch("Y", "other"), "unavailable")
  })
})

describe("cvvMatch", () => {
  it("classes every code", () => {
    assert.deepStrictEqual(cvvCodes.others, {
      M: "match",
      N: "no_match",
      P: "unavailable",
      S: "absent",
      U: "unavailable"
    })
    assert.deepStrictEqual(cvvCodes.amex, { Y: "match", N: "no_match", U: "unavailable" })
  })

  it("reads the same letter by brand", () => {
    assert.strictEqual(cvvMatch("M", "visa"), "match")
    assert.strictEqual(cvvMatch("Y", "amex"), "match")
    assert.strictEqual(cvvMatch("Y", "visa"), "unavailable")
    assert.strictEqual(cvvMatch("M", "amex"), "unavailable")
  })
})
