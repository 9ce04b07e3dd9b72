import { DateTime } from "effect"
import { brandOf, hasBrandLength, passesLuhn } from "./Brands.ts"
import { fieldRules } from "./FieldRules.ts"
import type { Refusal, Request } from "./Request.ts"

type Check = (request: Request) => Refusal | undefined

const key: Check = ({ terminal, profile }) => (terminal === undefined || !profile.known ? { code: "E7" } : undefined)

const mac: Check = ({ fields, profile }) =>
  profile.mac === null || fields.get("MAC") === profile.mac ? undefined : { code: "E7" }

const lengthError = (field: string): Refusal => ({
  code: "RR",
  // The sandbox names the response's field when the BRIC has a wrong length.
  text: `Invalid ${field === "ORIG_AUTH_GUID" ? "AUTH_GUID" : field}[LEN]`
})

const lengths: Check = ({ fields }) => {
  for (const [field, value] of fields) {
    const rule = fieldRules[field]
    if (rule === undefined) continue
    if (value.length > rule.max || value.length < (rule.min ?? 0)) return lengthError(field)
  }
  return undefined
}

const patterns: Check = ({ fields }) => {
  for (const [field, value] of fields) {
    const pattern = fieldRules[field]?.pattern
    if (pattern !== undefined && !pattern.test(value)) return { code: "EW" }
  }
  return undefined
}

const account: Check = ({ fields }) => {
  const number = fields.get("ACCOUNT_NBR")
  if (number === undefined) return undefined
  if (!passesLuhn(number)) return { code: "EB" }
  const brand = brandOf(number)
  if (brand === undefined) return { code: "15" }
  return hasBrandLength(brand, number.length) ? undefined : { code: "EA" }
}

const expiry: Check = ({ fields, receivedAt }) => {
  const date = fields.get("EXP_DATE")
  if (date === undefined || date === "0000") return undefined
  const now = DateTime.toPartsUtc(DateTime.makeUnsafe(receivedAt))
  const months = (2000 + Number(date.slice(0, 2))) * 12 + Number(date.slice(2))
  return months < now.year * 12 + now.month ? { code: "54" } : undefined
}

/** A field that must be there and is not. */
export const missing = (request: Request, ...fields: ReadonlyArray<string>): Refusal | undefined => {
  const absent = fields.find((field) => !request.fields.has(field))
  return absent === undefined ? undefined : lengthError(absent)
}

const first =
  (...checks: ReadonlyArray<Check>): Check =>
  (request) => {
    for (const check of checks) {
      const refusal = check(request)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

/** Before the type is known. */
export const checkKey: Check = first(key, mac)

/** Lengths, then patterns, of every field. */
export const checkFields: Check = first(lengths, patterns)

/** The card data, where some was sent. */
export const checkCard: Check = first(account, expiry)
