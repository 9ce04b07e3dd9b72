import { JsonPointer } from "effect"

/**
 * First four digits and lengths, as the networks publish them (Discover's bulletins list Diners, JCB and UnionPay
 * too). From 16 digits on, every 6 belongs to Discover, UnionPay or Maestro.
 */
const ranges: ReadonlyArray<{ readonly from: number; readonly to: number; readonly lengths: ReadonlyArray<number> }> = [
  { from: 4000, to: 4999, lengths: [13, 16, 19] }, // Visa
  { from: 5100, to: 5599, lengths: [16] }, // Mastercard
  { from: 2221, to: 2720, lengths: [16] }, // Mastercard
  { from: 3400, to: 3499, lengths: [15] }, // American Express
  { from: 3700, to: 3799, lengths: [15] }, // American Express
  { from: 3000, to: 3059, lengths: [14, 16, 17, 18, 19] }, // Diners
  { from: 3095, to: 3095, lengths: [14, 16, 17, 18, 19] }, // Diners
  { from: 3600, to: 3699, lengths: [14, 15, 16, 17, 18, 19] }, // Diners
  { from: 3800, to: 3999, lengths: [14, 16, 17, 18, 19] }, // Diners
  { from: 3528, to: 3589, lengths: [16, 17, 18, 19] }, // JCB
  { from: 6000, to: 6999, lengths: [16, 17, 18, 19] }, // Discover, UnionPay, Maestro
  { from: 8100, to: 8171, lengths: [16, 17, 18, 19] }, // UnionPay
  // Maestro starts at 12 digits on paper; below 14 its range holds only order numbers and bar codes.
  { from: 5000, to: 5099, lengths: [14, 15, 16, 17, 18, 19] },
  { from: 5600, to: 5899, lengths: [14, 15, 16, 17, 18, 19] },
  { from: 6300, to: 6399, lengths: [14, 15] },
  { from: 6700, to: 6799, lengths: [14, 15] }
]

const hasIssuer = (digits: string): boolean => {
  const first = Number(digits.slice(0, 4))
  return ranges.some(({ from, lengths, to }) => first >= from && first <= to && lengths.includes(digits.length))
}

const digitFromRight = (digits: string, place: number): number => digits.charCodeAt(digits.length - 1 - place) - 48

const passesLuhn = (digits: string): boolean => {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = digitFromRight(digits, place)
    sum += place % 2 === 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9
  }
  return sum % 10 === 0
}

// The check digit of bar codes and USPS labels (GS1 General Specifications, section 7.9).
const passesGs1 = (digits: string): boolean => {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    sum += digitFromRight(digits, place) * (place % 2 === 0 ? 1 : 3)
  }
  return sum % 10 === 0
}

// Only Diners still issues fewer than 15 digits, so elsewhere a bar code or a telephone number is the better reading.
const readsAsShortReference = (digits: string, afterPlus: boolean): boolean =>
  digits.length === 13
    ? afterPlus || /^491[567]/.test(digits) || passesGs1(digits) // German mobile numbers have 13 digits
    : digits.length === 14 && !digits.startsWith("3") && passesGs1(digits)

const isCardNumber = (digits: string, afterPlus: boolean): boolean =>
  hasIssuer(digits) && passesLuhn(digits) && !readsAsShortReference(digits, afterPlus)

const unevenSpellings: ReadonlySet<string> = new Set([
  "4-6-5",
  "4-6-4",
  "4-6-3",
  "4-3-3-3",
  "4-5-6",
  "4-5-5",
  "6-5-4",
  "1-3-3-3-3-3"
])

// Groups as people and printers make them; sevens and nines are how order and telephone numbers look.
const isCardSpelling = (sizes: ReadonlyArray<number>): boolean => {
  const first = sizes[0] ?? 0
  const last = sizes[sizes.length - 1] ?? 0
  const leading = sizes.slice(0, -1)
  const inFours = leading.every((size) => size % 4 === 0)
  const issuerFirst = first === 6 && sizes.length === 2
  const even = first <= 6 && leading.every((size) => size === first) && last <= first + 1
  return sizes.length === 1 || inFours || issuerFirst || even || unevenSpellings.has(sizes.join("-"))
}

const separator = "(?:\\s{1,2}|\\s?[-._/]\\s?)"
const thirteenDigits = new RegExp(`\\d(?:${separator}?\\d){12}`)
const digitGroups = new RegExp(`\\d+(?:${separator}\\d+)*`, "g")

const isPostalLabel = (groups: ReadonlyArray<string>, digits: string): boolean =>
  digits.startsWith("9") &&
  digits.length >= 20 &&
  groups.slice(0, -1).every((group) => group.length === 4) &&
  passesGs1(digits)

// Every sequence of whole groups is looked at: an amount may stand before a card number, an expiry date after it.
const groupsHoldCard = (groups: ReadonlyArray<string>, afterPlus: boolean): boolean => {
  const digits = groups.join("")
  if (groups.length > 1 && isPostalLabel(groups, digits)) return false
  let from = 0
  for (let first = 0; first < groups.length; first++) {
    let to = from
    for (let last = first; last < groups.length && to - from <= 19; last++) {
      to += groups[last]?.length ?? 0
      if (to - from < 13 || !isCardNumber(digits.slice(from, to), afterPlus && first === 0)) continue
      if (isCardSpelling(groups.slice(first, last + 1).map((group) => group.length))) return true
    }
    from += groups[first]?.length ?? 0
  }
  return false
}

// Each of Unicode's ranges of decimal digits starts at its zero and holds whole tens.
const toAsciiDigit = (digit: string): string => {
  const code = digit.codePointAt(0) ?? 0
  let below = 0
  while (/\p{Nd}/u.test(String.fromCodePoint(code - 1 - below))) below++
  return String(below % 10)
}

const notAscii = /[^\p{ASCII}]/u

const toAscii = (text: string): string =>
  notAscii.test(text)
    ? text
        .normalize("NFKC")
        .replace(/[\p{Cf}\p{M}]/gu, "")
        .replace(/[^\P{Nd}0-9]/gu, toAsciiDigit)
        .replace(/[\p{Pd}\u2212]/gu, "-")
        .replace(/[·•‧∙⋅・。]/gu, ".")
    : text

// SWIFT IBAN registry: length by country.
const ibanLengths =
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 " +
  "EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 " +
  "IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 " +
  "NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 " +
  "SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"

const ibanForms = ibanLengths
  .split(" ")
  .map((entry) => `${entry.slice(0, 2)}\\d{2}(?: ?[0-9a-z]){${Number(entry.slice(2)) - 4}}`)
const ibans = new RegExp(`(?<![0-9a-z])(?:${ibanForms.join("|")})(?![0-9a-z])`, "gi")

const passesMod97 = (iban: string): boolean => {
  let remainder = 0
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    remainder = (remainder * (value < 10 ? 10 : 100) + value) % 97
  }
  return remainder === 1
}

const uuids = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/gi
const traceParents = /(?<![0-9a-z])00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?![0-9a-z])/gi
const upsLabels = /(?<![0-9a-z])1Z[0-9a-z]{16}(?![0-9a-z])/gi
const digests = /(?<![0-9a-z])(?:[0-9a-f]{8}){3,}(?![0-9a-z])/gi
const sortableIds = /(?<![0-9a-z])0[1-3][0-9a-hjkmnp-tv-z]{24}(?![0-9a-z])/gi

// A chance run of digits in a random identifier would refuse one key in some thousands. Text that merely has
// hexadecimal letters around a card number has digits in one place only.
const unlessOneRun = (token: string): string => (/\d[a-z]+\d/i.test(token) ? "#" : token)

const withoutIdentifiers = (text: string): string =>
  text
    .replace(uuids, "#")
    .replace(traceParents, "#")
    .replace(upsLabels, "#")
    .replace(digests, unlessOneRun)
    .replace(sortableIds, unlessOneRun)
    .replace(ibans, (found) => (passesMod97(found.replaceAll(" ", "")) ? "#" : found))

/**
 * Whether a card number stands anywhere in the text, whole or in groups. Any number with a network's first digits and
 * length and a valid check digit counts, so one in ten random numbers of such a form is refused: nothing tells them
 * apart.
 * Forms that prove to be something else do not count: UUID, digest, ULID, trace context, bar code, IBAN, UPS and USPS
 * label. The caller undoes URL encoding first.
 */
export const containsCardNumber = (text: string): boolean => {
  const ascii = toAscii(text)
  if (!thirteenDigits.test(ascii)) return false
  const rest = withoutIdentifiers(ascii)
  for (const run of rest.matchAll(digitGroups)) {
    const groups = run[0].match(/\d+/g) ?? []
    if (groupsHoldCard(groups, rest.charAt(run.index - 1) === "+")) return true
  }
  return false
}

// JSON numbers beyond 2^53 have lost their last digits, and with them the check digit: the range alone decides.
const numberIsCard = (value: number): boolean => {
  const digits = String(Math.trunc(Math.abs(value)))
  return Number.isSafeInteger(Number(digits)) ? isCardNumber(digits, false) : /^\d+$/.test(digits) && hasIssuer(digits)
}

interface Place {
  readonly value: unknown
  readonly name: string
  readonly depth: number
  readonly parent: Place | undefined
}

// Ends before its thirteenth digit, so that field names one below the other cannot spell a card number either.
const pointerTo = (place: Place): string => {
  const names: Array<string> = []
  for (let at = place; at.parent !== undefined; at = at.parent) names.unshift(at.name)
  let digits = 0
  let pointer = ""
  for (const name of names) {
    const token = JsonPointer.escapeToken(name)
    digits += toAscii(token).match(/\d/g)?.length ?? 0
    if (digits > 12) break
    pointer += `/${token}`
  }
  return pointer
}

const maxDepth = 32

/**
 * The JSON pointer of a card number in decoded JSON: of the value, or of the object around an offending field name.
 * What lies deeper than 32 levels counts as one. A number split over several values is not seen.
 */
export const findCardNumber = (value: unknown): string | undefined => {
  const pending: Array<Place> = [{ value, name: "", depth: 0, parent: undefined }]
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { depth, value } = place
    if (typeof value === "string") {
      if (containsCardNumber(value)) return pointerTo(place)
    } else if (typeof value === "number") {
      if (numberIsCard(value)) return pointerTo(place)
    } else if (typeof value === "object" && value !== null) {
      if (depth === maxDepth) return pointerTo(place)
      for (const [name, child] of Object.entries(value)) {
        if (containsCardNumber(name)) return pointerTo(place)
        pending.push({ value: child, name, depth: depth + 1, parent: place })
      }
    }
  }
  return undefined
}
