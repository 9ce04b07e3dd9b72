import { Schema, SchemaTransformation } from "effect"

// Crockford's base32: no letter is mistaken for another, and runs of digits, which could look like a card number, are
// short.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
const length = 26

const hexadecimal = "0123456789abcdef"

/** What a character stands for by its code; of all others none. */
const valuesOf = (digits: string): Uint8Array => {
  const values = new Uint8Array(128)
  for (const [value, digit] of [...digits].entries()) {
    values[digit.charCodeAt(0)] = value
    values[digit.toUpperCase().charCodeAt(0)] = value
  }
  return values
}

const hexadecimals = valuesOf(hexadecimal)
const letters = valuesOf(alphabet)
const letterCodes = Buffer.from(alphabet)
const hexadecimalCodes = Buffer.from(hexadecimal)
const dash = "-".charCodeAt(0)

// Each request has several ids. Put together letter by letter, a string takes three times as long and twenty times the
// memory.
const written = Buffer.alloc(36)

/** The 26 letters of a UUID; ids sort as their UUIDs do. */
export const encodeUuid = (uuid: string): string => {
  // Its 128 bits are two less than the letters hold.
  let count = 2
  let bits = 0
  let end = 0
  for (let index = 0; index < uuid.length; index++) {
    const code = uuid.charCodeAt(index)
    if (code === dash) continue
    bits = ((bits << 4) | (hexadecimals[code] ?? 0)) & 511
    count += 4
    if (count < 5) continue
    count -= 5
    written[end++] = letterCodes[(bits >> count) & 31] ?? 0
  }
  return written.toString("latin1", 0, end)
}

const decodeUuid = (id: string, from: number): string => {
  let count = -2
  let bits = 0
  let end = 0
  for (let index = from; index < id.length; index++) {
    bits = ((bits << 5) | (letters[id.charCodeAt(index)] ?? 0)) & 511
    count += 5
    while (count >= 4) {
      count -= 4
      written[end++] = hexadecimalCodes[(bits >> count) & 15] ?? 0
      if (end === 8 || end === 13 || end === 18 || end === 23) written[end++] = dash
    }
  }
  return written.toString("latin1", 0, end)
}

/** A public id is a prefix and the letters of a UUIDv7; a column holds the bare UUID. */
const makeId = <B extends string>(prefix: string, brand: (letters: Schema.String) => Schema.Codec<B, string>) => {
  const pattern = new RegExp(`^${prefix}_[0-7][${alphabet}]{${length - 1}}$`, "u")
  const Id = brand(Schema.String.check(Schema.isPattern(pattern)))
  const toUuid = (id: B) => decodeUuid(id, prefix.length + 1)
  // cast: what is put together here has the form of the pattern.
  const fromUuid = (uuid: string) => `${prefix}_${encodeUuid(uuid)}` as B
  const Column = Schema.String.pipe(
    Schema.decodeTo(Schema.toType(Id), SchemaTransformation.transform({ decode: fromUuid, encode: toUuid }))
  )
  const is = (text: string): text is B => pattern.test(text)
  return { Id, Column, is, fromUuid, toUuid }
}

export const MerchantIds = makeId("mer", Schema.brand("MerchantId"))
export type MerchantId = typeof MerchantIds.Id.Type

export const TerminalIds = makeId("ter", Schema.brand("TerminalId"))
export type TerminalId = typeof TerminalIds.Id.Type

export const ApiKeyIds = makeId("key", Schema.brand("ApiKeyId"))
export type ApiKeyId = typeof ApiKeyIds.Id.Type

export const PaymentIds = makeId("pay", Schema.brand("PaymentId"))
export type PaymentId = typeof PaymentIds.Id.Type

export const TransactionIds = makeId("txn", Schema.brand("TransactionId"))
export type TransactionId = typeof TransactionIds.Id.Type

export const AuditEventIds = makeId("aud", Schema.brand("AuditEventId"))
export type AuditEventId = typeof AuditEventIds.Id.Type

export const KillSwitchIds = makeId("kil", Schema.brand("KillSwitchId"))
export type KillSwitchId = typeof KillSwitchIds.Id.Type

export const EventIds = makeId("evt", Schema.brand("EventId"))
export type EventId = typeof EventIds.Id.Type
