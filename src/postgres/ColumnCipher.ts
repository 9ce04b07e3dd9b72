import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes
} from "node:crypto"
import { Context, Effect, Layer, Redacted, Schema } from "effect"

/** A secret as it stands in a row: sealed by AES-256-GCM under the key named. */
export interface Sealed {
  readonly keyId: string
  readonly sealed: Uint8Array
}

/** The row names a key this process does not have, or the bytes were changed. */
export class CannotUnseal extends Schema.TaggedError<CannotUnseal>()("CannotUnseal", { keyId: Schema.String }) {}

/** 32 bytes by id; the first seals, all unseal, so a key is rotated by putting a new one in front. */
export type CipherKeys = readonly [CipherKey, ...ReadonlyArray<CipherKey>]
interface CipherKey {
  readonly id: string
  readonly key: Redacted.Redacted<Uint8Array>
}

/** Seals secrets for one column of one row, and fingerprints them for comparison without unsealing. */
export class ColumnCipher extends Context.Service<
  ColumnCipher,
  {
    /** `place` binds the bytes to their row: moved to another, they do not open. */
    seal(secret: Redacted.Redacted, place: string): Sealed
    unseal(sealed: Sealed, place: string): Effect.Effect<Redacted.Redacted, CannotUnseal>
    /** 32 bytes, equal for equal values and of no use without their key. They stay when `keys` rotate. */
    fingerprint(value: string): Uint8Array
  }
>()("payment-service/postgres/ColumnCipher") {
  static readonly layer = (options: {
    readonly keys: CipherKeys
    readonly fingerprintKey: Redacted.Redacted<Uint8Array>
  }) => Layer.sync(ColumnCipher, () => make(options.keys, options.fingerprintKey))
}

const nonceLength = 12
const tagLength = 16

const make = (keys: CipherKeys, fingerprintKey: Redacted.Redacted<Uint8Array>) => {
  // Node imports raw bytes anew at each use, which costs more than the encryption does.
  const imported = ({ key }: CipherKey) => createSecretKey(Redacted.value(key))
  const currentId = keys[0].id
  const currentKey = imported(keys[0])
  const byId = new Map(keys.map((key) => [key.id, imported(key)]))
  // Derived, so that the configured key is never used for two purposes.
  const macKey = createSecretKey(
    new Uint8Array(hkdfSync("sha256", Redacted.value(fingerprintKey), "", "payment-service fingerprint", 32))
  )

  return ColumnCipher.of({
    seal: (secret, place) => {
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv("aes-256-gcm", currentKey, nonce).setAAD(Buffer.from(place))
      const text = Buffer.concat([cipher.update(Redacted.value(secret), "utf8"), cipher.final()])
      return { keyId: currentId, sealed: Buffer.concat([nonce, text, cipher.getAuthTag()]) }
    },
    unseal: ({ keyId, sealed }, place) => {
      const refused = () => new CannotUnseal({ keyId })
      const key = byId.get(keyId)
      return key === undefined || sealed.length < nonceLength + tagLength
        ? Effect.fail(refused())
        : Effect.try({ try: () => Redacted.make(open(key, sealed, place)), catch: refused })
    },
    fingerprint: (value) => createHmac("sha256", macKey).update(value).digest()
  })
}

const open = (key: KeyObject, sealed: Uint8Array, place: string): string => {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceLength), { authTagLength: tagLength })
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(sealed.length - tagLength))
  const text = sealed.subarray(nonceLength, sealed.length - tagLength)
  return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8")
}
