import { fileURLToPath } from "node:url"
import { Config, ConfigProvider, Duration, Effect, Option, Redacted, Schema } from "effect"

/** The environment is not fit to start with: every problem at once. */
export class InvalidSettings extends Schema.TaggedError<InvalidSettings>()("InvalidSettings", {
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return ["The configuration is not valid:", ...this.problems.map((problem) => `  - ${problem}`)].join("\n")
  }
}

const optional = <A>(config: Config.Config<A>) => Config.option(config)

const count = (name: string, maximum: number) =>
  Config.schema(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum })), name)

const connections = (name: string) => count(name, 500)

/** What the environment says. The configuration table of the README describes each. */
const variables = {
  APP_ENV: Config.Literals(["development", "test", "production"], "APP_ENV").pipe(Config.withDefault("development")),
  HOST: Config.NonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
  PORT: Config.Port("PORT").pipe(Config.withDefault(8080)),
  OPS_HOST: Config.NonEmptyString("OPS_HOST").pipe(Config.withDefault("127.0.0.1")),
  OPS_PORT: Config.Port("OPS_PORT").pipe(Config.withDefault(9090)),
  MAX_CONNECTIONS: count("MAX_CONNECTIONS", 1_000_000).pipe(Config.withDefault(8192)),
  TLS_CERT_FILE: optional(Config.NonEmptyString("TLS_CERT_FILE")),
  TLS_KEY_FILE: optional(Config.NonEmptyString("TLS_KEY_FILE")),
  SIMULATOR_PORT: Config.Port("SIMULATOR_PORT").pipe(Config.withDefault(8090)),
  SIMULATOR_CONTROL_PORT: Config.Port("SIMULATOR_CONTROL_PORT").pipe(Config.withDefault(8091)),
  DATABASE_URL: optional(Config.Redacted("DATABASE_URL")),
  DATABASE_REPLICA_URL: optional(Config.Redacted("DATABASE_REPLICA_URL")),
  DATABASE_PIPELINED_CONNECTIONS: connections("DATABASE_PIPELINED_CONNECTIONS").pipe(Config.withDefault(12)),
  DATABASE_PLAIN_CONNECTIONS: connections("DATABASE_PLAIN_CONNECTIONS").pipe(Config.withDefault(8)),
  EPX_TEST_URL: optional(Config.URL("EPX_TEST_URL")),
  EPX_LIVE_URL: optional(Config.URL("EPX_LIVE_URL")),
  EPX_TEST_LOOKUP_URL: optional(Config.URL("EPX_TEST_LOOKUP_URL")),
  EPX_LIVE_LOOKUP_URL: optional(Config.URL("EPX_LIVE_LOOKUP_URL")),
  EPX_KEEP_ALIVE: Config.Boolean("EPX_KEEP_ALIVE").pipe(Config.withDefault(false)),
  RATE_LIMIT_READS: count("RATE_LIMIT_READS", 1_000_000).pipe(Config.withDefault(10_000)),
  RATE_LIMIT_WRITES: count("RATE_LIMIT_WRITES", 1_000_000).pipe(Config.withDefault(2_500)),
  CONCURRENCY_LIMIT: count("CONCURRENCY_LIMIT", 1_000_000).pipe(Config.withDefault(1_000)),
  DECLINE_LIMIT_CUSTOMER: count("DECLINE_LIMIT_CUSTOMER", 1_000_000).pipe(Config.withDefault(10)),
  DECLINE_LIMIT_ADDRESS: count("DECLINE_LIMIT_ADDRESS", 1_000_000).pipe(Config.withDefault(30)),
  DECLINE_LIMIT_KEY: count("DECLINE_LIMIT_KEY", 1_000_000).pipe(Config.withDefault(3_000)),
  SHUTDOWN_DELAY: optional(Config.Duration("SHUTDOWN_DELAY")),
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

interface Examined {
  /** As if what cannot be read had not been set. */
  readonly settings: Settings
  /** Each begins with the variables that are wrong. */
  readonly problems: ReadonlyArray<string>
}

/** Reads and judges the whole environment. */
export const examineSettings: Effect.Effect<Examined> = Effect.gen(function* () {
  const complaints = yield* Effect.forEach(Object.entries(variables), ([name, variable]) => complaint(name, variable))
  const unreadable = new Map(complaints.flat())
  const provider = yield* ConfigProvider.ConfigProvider
  const readable = ConfigProvider.make((path) =>
    unreadable.has(String(path[0])) ? Effect.succeed(undefined) : provider.load(path)
  )
  // Each is either left out or has just been read without a complaint.
  const values: Values = yield* Effect.orDie(Effect.all(variables)).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, readable)
  )
  const isProduction = values.APP_ENV === "production"
  const DATABASE_URL = Option.filter(values.DATABASE_URL, isDatabase)
  const DATABASE_REPLICA_URL = Option.filter(values.DATABASE_REPLICA_URL, isDatabase)
  const encryptionKeys = parseKeys(values.ENCRYPTION_KEYS)
  const fingerprintKey = Option.flatMap(values.FINGERPRINT_KEY, keyBytes)
  const problems = [
    ...Array.from(unreadable, ([name, problem]) => `${name}: ${problem}`),
    ...databaseUrls.filter((name) => Option.exists(values[name], (url) => !isDatabase(url))).map(noDatabase),
    ...(Option.isSome(values.ENCRYPTION_KEYS) && encryptionKeys.length === 0
      ? ["ENCRYPTION_KEYS: must be `id:key` pairs with commas between, no id twice, each key 32 bytes in base64"]
      : []),
    ...(Option.isSome(values.FINGERPRINT_KEY) && Option.isNone(fingerprintKey)
      ? ["FINGERPRINT_KEY: must be 32 bytes in base64"]
      : []),
    ...loneTlsFile(values, unreadable),
    ...(isProduction ? productionProblems(values, unreadable) : [])
  ]
  const databases = { DATABASE_URL, DATABASE_REPLICA_URL }
  return { settings: { ...values, ...databases, isProduction, encryptionKeys, fingerprintKey }, problems }
})

/** The environment, if it is fit to start with. */
export const loadSettings: Effect.Effect<Settings, InvalidSettings> = Effect.flatMap(
  examineSettings,
  ({ problems, settings }) =>
    problems.length > 0 ? Effect.fail(new InvalidSettings({ problems })) : Effect.succeed(settings)
)

// The value itself is left out: a variable that is not valid may still be a secret.
const complaint = (name: string, variable: Config.Config<unknown>) =>
  Effect.match(variable, {
    onFailure: ({ message }) => {
      const [, expected = "cannot be read"] = /^SchemaError\(Expected (.*?)(?:, got .*)?$/m.exec(message) ?? []
      return [[name, `expected ${expected.replace("a string representing a finite number", "a number")}`] as const]
    },
    onSuccess: () => []
  })

const databaseUrls = ["DATABASE_URL", "DATABASE_REPLICA_URL"] as const

const noDatabase = (name: string) =>
  `${name}: must be a URL such as postgres://user:password@host:5432/database, with %2F for / in a password`

/** With a / or ? of its own, a password ends where a host is read, and would be shown as one. */
const isDatabase = (url: Redacted.Redacted) => {
  const { hash = "", pathname = "", protocol, search = "" } = URL.parse(Redacted.value(url)) ?? {}
  const isWhole = !/^[^=]*@/.test(pathname + search + hash)
  return (protocol === "postgres:" || protocol === "postgresql:") && isWhole
}

const loneTlsFile = (values: Values, unreadable: ReadonlyMap<string, string>): ReadonlyArray<string> => {
  const isMissing = (name: "TLS_CERT_FILE" | "TLS_KEY_FILE") => Option.isNone(values[name]) && !unreadable.has(name)
  const [noCertificate, noKey] = [isMissing("TLS_CERT_FILE"), isMissing("TLS_KEY_FILE")]
  if (noCertificate === noKey) return []
  return [noKey ? "TLS_KEY_FILE: is required with TLS_CERT_FILE" : "TLS_CERT_FILE: is required with TLS_KEY_FILE"]
}

const productionProblems = (values: Values, unreadable: ReadonlyMap<string, string>): ReadonlyArray<string> => {
  const isMissing = (name: "DATABASE_URL" | "ENCRYPTION_KEYS" | "FINGERPRINT_KEY" | "EPX_TEST_URL" | "EPX_LIVE_URL") =>
    Option.isNone<unknown>(values[name]) && !unreadable.has(name)
  return [
    ...(["DATABASE_URL", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"] as const)
      .filter(isMissing)
      .map((name) => `${name}: is required in production`),
    ...(isMissing("EPX_TEST_URL") && isMissing("EPX_LIVE_URL")
      ? ["EPX_LIVE_URL, EPX_TEST_URL: one at least is required in production; the simulator is for development"]
      : []),
    ...epxUrls
      .filter((name) => Option.exists(values[name], ({ protocol }) => protocol !== "https:"))
      .map((name) => `${name}: must be https in production`)
  ]
}

export const epxUrls = ["EPX_TEST_URL", "EPX_LIVE_URL", "EPX_TEST_LOOKUP_URL", "EPX_LIVE_LOOKUP_URL"] as const

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
