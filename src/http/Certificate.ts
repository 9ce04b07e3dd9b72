import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { createSecureContext } from "node:tls"
import { Clock, Effect, FileSystem, Predicate, Redacted, Result, Schema } from "effect"

/** What the listener of merchants shows its clients, in PEM. */
export interface Certificate {
  /** The certificate itself first, and behind it those that lead to its authority. */
  readonly chain: string
  readonly key: Redacted.Redacted
}

/** The service cannot listen with what the files hold: every problem at once. */
class CertificateUnusable extends Schema.TaggedError<CertificateUnusable>()("CertificateUnusable", {
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return ["The certificate cannot be used:", ...this.problems.map((problem) => `  - ${problem}`)].join("\n")
  }
}

/** Reads both files, and sees that the key belongs to the certificate. */
export const loadCertificate = Effect.fnUntraced(function* (certificateFile: string, keyFile: string) {
  const [chain, key] = yield* Effect.all([
    Effect.result(parsed("TLS_CERT_FILE", certificateFile, asCertificate)),
    Effect.result(parsed("TLS_KEY_FILE", keyFile, asKey))
  ])
  if (Result.isFailure(chain) || Result.isFailure(key)) {
    return yield* new CertificateUnusable({ problems: [...failuresOf(chain), ...failuresOf(key)] })
  }
  const certificate: Certificate = { chain: chain.success.text, key: Redacted.make(key.success.text) }
  const problem = mismatch(chain.success.value, key.success.value) ?? refusal(certificate)
  if (problem !== undefined) return yield* new CertificateUnusable({ problems: [problem] })
  yield* warnOfDates(chain.success.value)
  return certificate
})

const failuresOf = (result: Result.Result<unknown, string>) => (Result.isFailure(result) ? [result.failure] : [])

/** What is in the file, or what is wrong with it; neither its path nor its text is repeated. */
const parsed = <A>(variable: string, path: string, parse: (text: string) => Result.Result<A, string>) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.mapError(({ reason }) => unreadable[reason._tag] ?? "cannot be read"),
    Effect.flatMap((text) => Effect.map(Effect.fromResult(parse(text)), (value) => ({ text, value }))),
    Effect.mapError((problem) => `${variable}: ${problem}`)
  )

const unreadable: Readonly<Record<string, string>> = {
  NotFound: "there is no such file",
  PermissionDenied: "the service may not read this file"
}

const asCertificate = (text: string) =>
  Result.try({ try: () => new X509Certificate(text), catch: () => "must be a certificate in PEM" })

const asKey = (text: string) =>
  Result.try({
    try: () => createPrivateKey(text),
    catch: () => `must be a private key in PEM${text.includes("ENCRYPTED") ? ", without a passphrase" : ""}`
  })

const mismatch = (certificate: X509Certificate, key: KeyObject) =>
  certificate.checkPrivateKey(key)
    ? undefined
    : "TLS_KEY_FILE: must be the key of the first certificate in TLS_CERT_FILE"

/** What OpenSSL itself has against it, such as a key that is too short. */
const refusal = ({ chain, key }: Certificate) =>
  Result.match(
    Result.try(() => createSecureContext({ cert: chain, key: Redacted.value(key) })),
    {
      onFailure: (error) => `TLS_CERT_FILE, TLS_KEY_FILE: OpenSSL does not take them (${codeOf(error)})`,
      onSuccess: () => undefined
    }
  )

const codeOf = (error: unknown) => (Predicate.hasProperty(error, "code") ? String(error.code) : "no code")

// It may still be what an operator wants who has nothing better: clients say what they make of it.
const warnOfDates = ({ validFromDate, validToDate }: X509Certificate) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now >= validFromDate.getTime() && now <= validToDate.getTime()
      ? Effect.void
      : Effect.logWarning("The certificate of TLS_CERT_FILE is not valid today").pipe(
          Effect.annotateLogs({ from: validFromDate.toISOString(), to: validToDate.toISOString() })
        )
  )
