import { fileURLToPath } from "node:url"
import { Config, Effect, Option, Redacted, Schema } from "effect"

/** The environment is not fit to start with: every problem at once. */
export class InvalidSettings extends Schema.TaggedError<InvalidSettings>()("InvalidSettings", {
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return ["The configuration is not valid:", ...this.problems.map((problem) => `  - ${problem}`)].join("\n")
  }
}

const optional = <A>(config: Config.Config<A>) => Config.option(config)

/** What the environment says. The configuration table of the README describes each. */
const variables = {
  APP_ENV: Config.Literals(["development", "test", "production"], "APP_ENV").pipe(Config.withDefault("development")),
  HOST: Config.NonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
  PORT: Config.Port("PORT").pipe(Config.withDefault(8080)),
  OPS_HOST: Config.NonEmptyString("OPS_HOST").pipe(Config.withDefault("127.0.0.1")),
  OPS_PORT: Config.Port("OPS_PORT").pipe(Config.withDefault(9090)),
  SIMULATOR_PORT: Config.Port("SIMULATOR_PORT").pipe(Config.withDefault(8090)),
  SIMULATOR_CONTROL_PORT: Config.Port("SIMULATOR_CONTROL_PORT").pipe(Config.withDefault(8091)),
  DATABASE_URL: optional(Config.Redacted("DATABASE_URL")),
  DATABASE_PIPELINED_CONNECTIONS: Config.Int("DATABASE_PIPELINED_CONNECTIONS").pipe(Config.withDefault(12)),
  DATABASE_PLAIN_CONNECTIONS: Config.Int("DATABASE_PLAIN_CONNECTIONS").pipe(Config.withDefault(8)),
  EPX_TEST_URL: optional(Config.URL("EPX_TEST_URL")),
  EPX_LIVE_URL: optional(Config.URL("EPX_LIVE_URL")),
  EPX_KEEP_ALIVE: Config.Boolean("EPX_KEEP_ALIVE").pipe(Config.withDefault(false)),
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
  if (unreadable.flat().length > 0) return yield* new InvalidSettings({ problems: unreadable.flat() })
  // Each was just read without a complaint.
  const values: Values = yield* Effect.orDie(Effect.all(variables))
  const encryptionKeys = parseKeys(values.ENCRYPTION_KEYS)
  const fingerprintKey = Option.flatMap(values.FINGERPRINT_KEY, keyBytes)
  const problems = [
    ...(Option.isSome(values.ENCRYPTION_KEYS) && encryptionKeys.length === 0
      ? ["ENCRYPTION_KEYS: must be `id:key` pairs with commas between, each key 32 bytes in base64"]
      : []),
    ...(Option.isSome(values.FINGERPRINT_KEY) && Option.isNone(fingerprintKey)
      ? ["FINGERPRINT_KEY: must be 32 bytes in base64"]
      : []),
    ...(values.APP_ENV === "production" ? productionProblems(values) : [])
  ]
  if (problems.length > 0) return yield* new InvalidSettings({ problems })
  return { ...values, isProduction: values.APP_ENV === "production", encryptionKeys, fingerprintKey }
})

// The value itself is left out: a variable that is not valid may still be a secret.
const complaint = (name: string, variable: Config.Config<unknown>) =>
  Effect.match(variable, {
    onFailure: ({ message }) => [`${name}: ${(message.split("\n")[0] ?? "").replace(/, got .*$/, "")}`],
    onSuccess: () => []
  })

const productionProblems = (values: Values): ReadonlyArray<string> => [
  ...missing(values.DATABASE_URL, "DATABASE_URL: is required in production; the embedded Postgres is for development"),
  ...missing(values.ENCRYPTION_KEYS, "ENCRYPTION_KEYS: is required in production"),
  ...missing(values.FINGERPRINT_KEY, "FINGERPRINT_KEY: is required in production"),
  ...(Option.isNone(values.EPX_TEST_URL) && Option.isNone(values.EPX_LIVE_URL)
    ? ["EPX_LIVE_URL, EPX_TEST_URL: at least one is required in production; the simulator is for development"]
    : []),
  ...insecure("EPX_TEST_URL", values.EPX_TEST_URL),
  ...insecure("EPX_LIVE_URL", values.EPX_LIVE_URL)
]

const missing = (value: Option.Option<unknown>, problem: string) => (Option.isNone(value) ? [problem] : [])

const insecure = (name: string, url: Option.Option<URL>) =>
  Option.isSome(url) && url.value.protocol !== "https:" ? [`${name}: must be https in production`] : []

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
  return keys.every(Option.isSome) ? keys.map(({ value }) => value) : []
}
