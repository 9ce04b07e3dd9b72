import { hash } from "node:crypto"
import { Redacted } from "effect"
import { Base64Url } from "effect/encoding"
import type { Environment } from "../domain/Terminal.ts"

/** The secret of a key: `sk_` for merchants or `op_` for operators, `test_` or `live_`, and 32 random bytes. */
export type ApiKeySecret = Redacted.Redacted

export const secretLength = 32

export const makeSecret = (kind: "sk" | "op", environment: Environment, bytes: Uint8Array): ApiKeySecret =>
  Redacted.make(`${kind}_${environment}_${Base64Url.encode(bytes)}`, { label: "api key" })

// The last of the 43 characters carries four bits, so that only 16 of the 64 can stand there.
const form = /^(?:sk|op)_(?:test|live)_[\w-]{42}[AEIMQUYcgkosw048]$/

/** Whether it could be a key at all: what could not is refused without asking the database. */
export const hasSecretForm = (secret: ApiKeySecret): boolean => form.test(Redacted.value(secret))

/** The 32 bytes that are stored of a secret, in hexadecimal: to make a buffer takes longer than all the rest of it. */
export const hashSecret = (secret: ApiKeySecret): string => hash("sha256", Redacted.value(secret), "hex")

/** By which people tell their keys apart. */
export const hintOf = (secret: ApiKeySecret): string => Redacted.value(secret).slice(-4)
