import { fileURLToPath } from "node:url"
import { Config, Duration, Effect, Option, Redacted, Schema } from "effect"

/** The environment is not fit to start with: every problem at once. */
export class InvalidSettings extends Schema.TaggedError<InvalidSettings>()("InvalidSettings", {
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return ["The configuration is not valid:", ...this.problems.map((problem) => `  - ${problem}`)].join("\n")
  }
}

const optional = <A>(config: Config.Config<A>) => Config.option(config)

const connections = (name: string, maximum = 500) =>
  Config.schema(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum })), name)

/** What the environment says. The configuration table of the README describes each. */
const variables = {
  APP_ENV: Config.Literals(["development", "test", "production"], "APP_ENV").pipe(Config.withDefault("development")),
  HOST: Config.NonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
  PORT: Config.Port("PORT").pipe(Config.withDefault(8080)),
  OPS_HOST: Config.NonEmptyString("OPS_HOST").pipe(Config.withDefault("127.0.0.1")),
  OPS_PORT: Config.Port("OPS_PORT").pipe(Config.withDefault(9090)),
  MAX_CONNECTIONS: connections("MAX_CONNECTIONS", 1_000_000).pipe(Config.withDefault(8192)),
  TLS_CERT_FILE: optional(Config.NonEmptyString("TLS_CERT_FILE")),
  TLS_KEY_FILE: optional(Config.NonEmptyString("TLS_KEY_FILE")),
  SIMULATOR_PORT: Config.Port("SIMULATOR_PORT").pipe(Config.withDefault(8090)),
  SIMULATOR_CONTROL_PORT: Config.Port("SIMULATOR_CONTROL_PORT").pipe(Config.withDefault(8091)),
  DATABASE_URL: optional(Config.Redacted("DATABASE_URL")),
  DATABASE_PIPELINED_CONNECTIONS: connections("DATABASE_PIPELINED_CONNECTIONS").pipe(Config.withDefault(12)),
  DATABASE_PLAIN_CONNECTIONS: connections("DATABASE_PLAIN_CONNECTIONS").pipe(Config.withDefault(8)),
  EPX_TEST_URL: optional(Config.URL("EPX_TEST_URL")),
  EPX_LIVE_URL: optional(Config.URL("EPX_LIVE_URL")),
  EPX_TEST_LOOKUP_URL: optional(Config.URL("EPX_TEST_LOOKUP_URL")),
  EPX_LIVE_LOOKUP_URL: optional(Config.URL("EPX_LIVE_LOOKUP_URL")),
  EPX_KEEP_ALIVE: Config.Boolean("EPX_KEEP_ALIVE").pipe(Config.withDefault(false)),
  SETTLEMENT_DELAY: Config.Duration("SETTLEMENT_DELAY").pipe(Config.withDefault(Duration.hours(2))),
  ENCRYPTION_KEYS: optional(Config.Redacted("ENCRYPTION_KEYS")),
  FINGERPRINT_KEY: optional(Config.Redacted("FINGERPRINT_KEY")),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(Config.URL("OTEL_EXPORTER_OTLP_ENDPOINT")),
  OTEL_TRACES_SAMPLER_ARG: optional(
    Config.schema(
      Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
      "OTEL_TRACES_SAMPLER_ARG"
    )
  ),
  LOCAL_DIRECTORY: Config.NonEmptyString("LOCAL_DIRECTORY").pipe(
    Config.withDefault(fileURLToPath(new URL("../.local", import.meta.url)))
  ),
  LOG_LEVEL: Config.LogLevel("LOG_LEVEL").pipe(Config.withDefault("Info" as const)),
  LOG_FORMAT: optional(Config.Literals(["json", "pretty"], "LOG_FORMAT"))
}

type Values = { readonly [K in keyof typeof variables]: Config.Success<(typeof variables)[K]> }

export interface Settings extends Values {
  readonly isProduction: boolean
  /** Empty where none is configured: development makes its own. */
  readonly encryptionKeys: ReadonlyArray<EncryptionKey>
  readonly fingerprintKey: Option.Option<Redacted.Redacted<Uint8Array>>
}

interface EncryptionKey {
  readonly id: string
  readonly key: Redacted.Redacted<Uint8Array>
}

/** Reads and judges the whole environment before anything listens. */
export const loadSettings: Effect.Effect<Settings, InvalidSettings> = Effect.gen(function* () {
  const unreadable = yield* Effect.forEach(Object.entries(variables), ([name, variable]) => complaint(name, variable))
  const texts = yield* Effect.all({
    databaseUrl: lenient(variables.DATABASE_URL),
    encryptionKeys: lenient(variables.ENCRYPTION_KEYS),
    fingerprintKey: lenient(variables.FINGERPRINT_KEY)
  })
  const encryptionKeys = parseKeys(texts.encryptionKeys)
  const fingerprintKey = Option.flatMap(texts.fingerprintKey, keyBytes)
  const isProduction = Option.contains(yield* Effect.option(variables.APP_ENV), "production")
  const problems = [
    ...unreadable.flat(),
    ...Option.match(Option.filter(texts.databaseUrl, isNoDatabase), {
      onNone: () => [],
      onSome: () => ["DATABASE_URL: must be a URL such as postgres://user:password@host:5432/database"]
    }),
    ...(Option.isSome(texts.encryptionKeys) && encryptionKeys.length === 0
      ? ["ENCRYPTION_KEYS: must be `id:key` pairs with commas between, no id twice, each key 32 bytes in base64"]
      : []),
    ...(Option.isSome(texts.fingerprintKey) && Option.isNone(fingerprintKey)
      ? ["FINGERPRINT_KEY: must be 32 bytes in base64"]
      : []),
    ...(yield* loneTlsFile),
    ...(isProduction ? yield* productionProblems : [])
  ]
  if (problems.length > 0) return yield* new InvalidSettings({ problems })
  // Each has just been read without a complaint.
  const values: Values = yield* Effect.orDie(Effect.all(variables))
  return { ...values, isProduction, encryptionKeys, fingerprintKey }
})

// The value itself is left out: a variable that is not valid may still be a secret.
const complaint = (name: string, variable: Config.Config<unknown>) =>
  Effect.match(variable, {
    onFailure: ({ message }) => {
      const [, expected = "cannot be read"] = /^SchemaError\(Expected (.*?)(?:, got .*)?$/m.exec(message) ?? []
      return [`${name}: expected ${expected.replace("a string representing a finite number", "a number")}`]
    },
    onSuccess: () => []
  })

/** One that cannot be read is complained of elsewhere. */
const lenient = <A>(variable: Config.Config<Option.Option<A>>) => Effect.orElseSucceed(variable, () => Option.none<A>())

const isNoDatabase = (url: Redacted.Redacted) => {
  const protocol = URL.parse(Redacted.value(url))?.protocol
  return protocol !== "postgres:" && protocol !== "postgresql:"
}

const isMissing = (variable: Config.Config<Option.Option<unknown>>) =>
  Effect.match(variable, { onFailure: () => false, onSuccess: Option.isNone })

const loneTlsFile = Effect.map(
  Effect.all([isMissing(variables.TLS_CERT_FILE), isMissing(variables.TLS_KEY_FILE)]),
  ([noCertificate, noKey]) =>
    noCertificate === noKey
      ? []
      : [noKey ? "TLS_KEY_FILE: is required with TLS_CERT_FILE" : "TLS_CERT_FILE: is required with TLS_KEY_FILE"]
)

const productionProblems: Effect.Effect<ReadonlyArray<string>> = Effect.gen(function* () {
  const required = yield* Effect.filter(["DATABASE_URL", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"] as const, (name) =>
    isMissing(variables[name])
  )
  const [noTest, noLive] = yield* Effect.all([isMissing(variables.EPX_TEST_URL), isMissing(variables.EPX_LIVE_URL)])
  return [
    ...required.map((name) => `${name}: is required in production`),
    ...(noTest && noLive
      ? ["EPX_LIVE_URL, EPX_TEST_URL: one at least is required in production; the simulator is for development"]
      : []),
    ...(yield* Effect.forEach(epxUrls, insecure)).flat()
  ]
})

const epxUrls = ["EPX_TEST_URL", "EPX_LIVE_URL", "EPX_TEST_LOOKUP_URL", "EPX_LIVE_LOOKUP_URL"] as const

const insecure = (name: (typeof epxUrls)[number]) =>
  Effect.map(lenient(variables[name]), (url) =>
    Option.isSome(url) && url.value.protocol !== "https:" ? [`${name}: must be https in production`] : []
  )

const base64 = /^[A-Za-z0-9+/]{43}=$/

const keyBytes = (text: Redacted.Redacted): Option.Option<Redacted.Redacted<Uint8Array>> =>
  base64.test(Redacted.value(text))
    ? Option.some(Redacted.make(Uint8Array.from(Buffer.from(Redacted.value(text), "base64"))))
    : Option.none()

const parseKeys = (text: Option.Option<Redacted.Redacted>): ReadonlyArray<EncryptionKey> => {
  if (Option.isNone(text)) return []
  const keys = Redacted.value(text.value)
    .split(",")
    .map((pair) => {
      const [, id, key] = /^([a-z0-9-]{1,32}):(.*)$/.exec(pair.trim()) ?? []
      return Option.map(keyBytes(Redacted.make(key ?? "")), (bytes) => ({ id: id ?? "", key: bytes }))
    })
  const isWhole = keys.every(Option.isSome)
  return isWhole && new Set(keys.map(({ value }) => value.id)).size === keys.length
    ? keys.map(({ value }) => value)
    : []
}
