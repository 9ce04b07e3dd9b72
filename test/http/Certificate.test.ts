import { generateKeyPairSync } from "node:crypto"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Logger, Redacted } from "effect"
import { loadCertificate } from "../../src/http/Certificate.ts"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"

const { authority, expired, key, trusted } = TestCertificates

/** What becomes of two files with these texts; one without a text is not there. */
const loaded = Effect.fnUntraced(
  function* (certificateText: string | undefined, keyText: string | undefined) {
    const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    const [certificateFile, keyFile] = [join(directory, "cert.pem"), join(directory, "key.pem")]
    if (certificateText !== undefined) writeFileSync(certificateFile, certificateText)
    if (keyText !== undefined) writeFileSync(keyFile, keyText)
    return yield* loadCertificate(certificateFile, keyFile)
  },
  Effect.scoped,
  Effect.provide(NodeServices.layer)
)

const problems = (...texts: Parameters<typeof loaded>) =>
  Effect.map(Effect.flip(loaded(...texts)), (error) => ("problems" in error ? error.problems : []))

const locked = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" }
  }).privateKey

const other = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" }
  }).privateKey

describe("API-5: a certificate", () => {
  it.effect("is taken with its chain and its key", () =>
    Effect.map(loaded(trusted + authority, key), (certificate) => {
      assert.strictEqual(certificate.chain, trusted + authority)
      assert.strictEqual(Redacted.value(certificate.key), key)
      assert.notInclude(JSON.stringify(certificate), "PRIVATE KEY")
    })
  )

  it.effect.each([
    [
      "there is no file",
      undefined,
      undefined,
      ["TLS_CERT_FILE: there is no such file", "TLS_KEY_FILE: there is no such file"]
    ],
    [
      "there is something else in the files",
      "hunter2",
      "hunter2",
      ["TLS_CERT_FILE: must be a certificate in PEM", "TLS_KEY_FILE: must be a private key in PEM"]
    ],
    [
      "the files are the wrong way round",
      key,
      trusted,
      ["TLS_CERT_FILE: must be a certificate in PEM", "TLS_KEY_FILE: must be a private key in PEM"]
    ],
    [
      "its key has a passphrase",
      trusted,
      locked(),
      ["TLS_KEY_FILE: must be a private key in PEM, without a passphrase"]
    ],
    [
      "the key is another one's",
      trusted,
      other(),
      ["TLS_KEY_FILE: must be the key of the first certificate in TLS_CERT_FILE"]
    ],
    [
      "its authority comes first",
      authority + trusted,
      key,
      ["TLS_KEY_FILE: must be the key of the first certificate in TLS_CERT_FILE"]
    ]
  ] as const)("is refused where %s", ([, certificateText, keyText, expected]) =>
    Effect.map(problems(certificateText, keyText), (found) => assert.deepStrictEqual(found, expected))
  )

  it.effect("is refused where a certificate behind it is broken", () =>
    Effect.map(problems(`${trusted}${authority.replace("MIIB", "MIIA")}`, key), (found) => {
      assert.lengthOf(found, 1)
      assert.match(found[0] ?? "", /^TLS_CERT_FILE, TLS_KEY_FILE: OpenSSL does not take them \(ERR_\w+\)$/)
    })
  )

  // Whoever may do everything may read every file.
  it.effect.skipIf(process.getuid?.() === 0)("is refused where its key may not be read", () =>
    Effect.gen(function* () {
      const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const [certificateFile, keyFile] = [join(directory, "cert.pem"), join(directory, "key.pem")]
      writeFileSync(certificateFile, trusted)
      writeFileSync(keyFile, key)
      chmodSync(keyFile, 0)
      const error = yield* Effect.flip(loadCertificate(certificateFile, keyFile))
      assert.include(error.message, "TLS_KEY_FILE: the service may not read this file")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("is taken when it has expired, which the log says", () => {
    const lines: Array<unknown> = []
    const logger = Logger.make(({ message }) => void lines.push(message))
    return Effect.map(Effect.provide(loaded(expired, key), Logger.layer([logger])), () =>
      assert.include(String(lines), "The certificate of TLS_CERT_FILE is not valid today")
    )
  })
})
