import { Effect, FileSystem, Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"

const Keys = Schema.Struct({
  encryption: Schema.Uint8ArrayFromBase64,
  fingerprint: Schema.Uint8ArrayFromBase64
})
const KeysFile = Schema.fromJsonString(Keys)

/** Keys of this machine's development database, made on the first start and kept beside it. */
export const localKeys = Effect.fn("LocalKeys.load")(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const random = yield* SecureRandom.SecureRandom
  const path = `${directory}/keys.json`
  if (!(yield* fs.exists(path))) {
    const keys = { encryption: yield* random.randomBytes(32), fingerprint: yield* random.randomBytes(32) }
    yield* fs.makeDirectory(directory, { recursive: true })
    const draft = `${yield* fs.makeTempDirectoryScoped({ directory, prefix: "keys-" })}/keys.json`
    yield* fs.writeFileString(draft, yield* Schema.encodeEffect(KeysFile)(keys), { mode: 0o600 })
    // A link, unlike a rename, does not replace the keys of another process that came first.
    yield* Effect.ignore(fs.link(draft, path))
  }
  const { encryption, fingerprint } = yield* Effect.flatMap(fs.readFileString(path), Schema.decodeEffect(KeysFile))
  return { encryption: Redacted.make(encryption), fingerprint: Redacted.make(fingerprint) }
}, Effect.scoped)
