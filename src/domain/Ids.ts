import { Schema, SchemaTransformation } from "effect"

// Crockford's base32: no letter is mistaken for another, and runs of digits, which could look like a card number, are
// short.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
const length = 26

/** The 26 letters of a UUID; ids sort as their UUIDs do. */
export const encodeUuid = (uuid: string): string => {
  let bits = BigInt(`0x${uuid.replaceAll("-", "")}`)
  let letters = ""
  for (let index = 0; index < length; index++) {
    letters = alphabet.charAt(Number(bits & 31n)) + letters
    bits >>= 5n
  }
  return letters
}

const decodeUuid = (letters: string): string => {
  let bits = 0n
  for (const letter of letters) bits = (bits << 5n) | BigInt(alphabet.indexOf(letter))
  const hex = bits.toString(16).padStart(32, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A public id is a prefix and the letters of a UUIDv7; a column holds the bare UUID. */
const makeId = <B extends string>(prefix: string, brand: (letters: Schema.String) => Schema.Codec<B, string>) => {
  const pattern = new RegExp(`^${prefix}_[0-7][${alphabet}]{${length - 1}}$`, "u")
  const Id = brand(Schema.String.check(Schema.isPattern(pattern)))
  const toUuid = (id: B) => decodeUuid(id.slice(prefix.length + 1))
  const fromUuid = (uuid: string) => Id.make(`${prefix}_${encodeUuid(uuid)}`, { disableChecks: true })
  const Column = Schema.String.pipe(
    Schema.decodeTo(Schema.toType(Id), SchemaTransformation.transform({ decode: fromUuid, encode: toUuid }))
  )
  return { Id, Column, fromUuid, toUuid }
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

export const EventIds = makeId("evt", Schema.brand("EventId"))
export type EventId = typeof EventIds.Id.Type
