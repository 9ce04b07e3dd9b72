import { Effect, Option, Redacted, Schema } from "effect"
import { TransactionIds } from "../../domain/Ids.ts"
import { ColumnCipher } from "../../postgres/ColumnCipher.ts"
import { bricPlace } from "../../postgres/SealedBric.ts"
import { failed, ok } from "./Finding.ts"
import type { Keys } from "./Keys.ts"
import type { Session } from "./Session.ts"

const check = "sealed rows"

const SealedToken = Schema.Struct({
  id: TransactionIds.Column,
  key_id: Schema.String,
  sealed: Schema.Uint8Array,
  fingerprint: Schema.Uint8Array
})

const KeyId = Schema.Struct({ key_id: Schema.String })

const tokenAtEnd = (order: "ASC" | "DESC") => `(SELECT id, bric_key_id AS key_id, bric_sealed AS sealed,
  bric_fingerprint AS fingerprint FROM transactions WHERE bric_sealed IS NOT NULL ORDER BY id ${order} LIMIT 1)`

/** Whether what stands sealed in the database opens with the keys: tried with its oldest and newest token. */
export const checkSealedRows = ({ ask }: Session, { encryptionKeys, fingerprintKey }: Keys) =>
  Effect.gen(function* () {
    const tokens = yield* ask(SealedToken, `${tokenAtEnd("ASC")} UNION ALL ${tokenAtEnd("DESC")}`)
    const findings = yield* Effect.forEach(tokens, checkToken)
    const terminals = yield* ask(
      KeyId,
      "SELECT DISTINCT lookup_key_id AS key_id FROM terminals WHERE lookup_key_id IS NOT NULL ORDER BY key_id"
    )
    const ids = new Set(encryptionKeys.map(({ id }) => id))
    const lost = terminals.filter(({ key_id }) => !ids.has(key_id))
    const troubles = [...findings.flat(), ...lost.map(({ key_id }) => unopened("The EPI-Key of a terminal", key_id))]
    // The oldest and the newest may be one.
    if (troubles.length > 0) return [...new Map(troubles.map((trouble) => [trouble.found, trouble])).values()]
    return [ok(check, tokens.length === 0 ? "No token is sealed yet." : "They open with these keys.")]
  }).pipe(Effect.provide(ColumnCipher.layer({ keys: encryptionKeys, fingerprintKey })))

const checkToken = Effect.fnUntraced(function* ({ fingerprint, id, key_id, sealed }: typeof SealedToken.Type) {
  const cipher = yield* ColumnCipher
  const token = yield* Effect.option(cipher.unseal({ keyId: key_id, sealed }, bricPlace(id)))
  if (Option.isNone(token)) return [unopened("A token", key_id)]
  return Buffer.from(cipher.fingerprint(Redacted.value(token.value))).equals(fingerprint) ? [] : [otherFingerprint]
})

const unopened = (what: string, keyId: string) =>
  failed(
    check,
    `${what} is sealed with the key "${keyId}", and ENCRYPTION_KEYS does not open it.`,
    "Put that pair back, behind the first."
  )

const otherFingerprint = failed(
  check,
  "FINGERPRINT_KEY is not the one that the rows were made with.",
  "Set that again: with another one, repeated requests are not recognised."
)
