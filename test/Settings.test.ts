import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import { examineSettings, loadSettings } from "../src/Settings.ts"

const load = (env: Readonly<Record<string, string>>) =>
  Effect.provideService(loadSettings, ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(env))

const problems = (env: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(load(env)), (error) => error.problems)

const keyOf = (byte: number) => Buffer.alloc(32, byte).toString("base64")

const production = {
  APP_ENV: "production",
  DATABASE_URL: "postgres://app@db/payments",
  ENCRYPTION_KEYS: `first:${keyOf(1)}`,
  FINGERPRINT_KEY: keyOf(2),
  EPX_LIVE_URL: "https://epx.invalid"
}

describe("settings", () => {
  it.effect("have a default for everything in development", () =>
    Effect.gen(function* () {
      const settings = yield* load({})
      assert.deepInclude(settings, { APP_ENV: "development", HOST: "127.0.0.1", PORT: 8080, isProduction: false })
      assert.deepStrictEqual(settings.encryptionKeys, [])
    })
  )

  it.effect("take an empty variable for one that is not set", () =>
    Effect.map(load({ PORT: "", DATABASE_URL: "" }), ({ DATABASE_URL, PORT }) => {
      assert.strictEqual(PORT, 8080)
      assert.isTrue(Option.isNone(DATABASE_URL))
    })
  )

  it.effect("hold several encryption keys in their order, the first for new rows", () =>
    Effect.gen(function* () {
      const { encryptionKeys } = yield* load({ ENCRYPTION_KEYS: ` new:${keyOf(1)}, old:${keyOf(2)}` })
      assert.deepStrictEqual(
        encryptionKeys.map(({ id, key }) => [id, Redacted.value(key)[0]]),
        [
          ["new", 1],
          ["old", 2]
        ]
      )
    })
  )

  it.effect.each(["postgres://db/payments?user=a@b", "postgresql://app:hun%2Fter@db/payments"])(
    "take %s for a database",
    (url) => Effect.map(load({ DATABASE_URL: url }), (settings) => assert.isTrue(Option.isSome(settings.DATABASE_URL)))
  )

  it.effect("are enough for production", () =>
    Effect.map(load(production), ({ isProduction }) => assert.isTrue(isProduction))
  )

  it.effect.each(Object.keys(production).filter((name) => name !== "APP_ENV"))("are not enough without %s", (missing) =>
    Effect.map(problems({ ...production, [missing]: "" }), (found) => {
      assert.lengthOf(found, 1)
      assert.include(found[0], missing)
    })
  )

  it.effect.each([
    ["PORT", "abc", "expected a number"],
    ["PORT", "70000", "expected a value between 1 and 65535"],
    ["PORT", "80.5", "expected an integer"],
    ["DATABASE_PLAIN_CONNECTIONS", "0", "expected a value between 1 and 500"],
    ["MAX_CONNECTIONS", "0", "expected a value between 1 and 1000000"],
    ["APP_ENV", "prod", 'expected "development" | "test" | "production"'],
    ["EPX_TEST_URL", "epx", "expected a valid URL string"],
    ["EPX_LIVE_LOOKUP_URL", "epi", "expected a valid URL string"],
    ["DATABASE_URL", "mysql://x/y", "must be a URL such as postgres://user:password@host:5432/database"],
    ["DATABASE_URL", "db", "must be a URL such as postgres://user:password@host:5432/database"],
    ["DATABASE_URL", "postgres://app:hun@ter/2@db/payments", "must be a URL such as postgres://user:password@host"],
    ["DATABASE_URL", "postgres://app:12?34@db/payments", "must be a URL such as postgres://user:password@host"],
    ["DATABASE_REPLICA_URL", "db", "must be a URL such as postgres://user:password@host:5432/database"],
    [
      "DATABASE_REPLICA_URL",
      "postgres://app:hun@ter/2@db/payments",
      "must be a URL such as postgres://user:password@host"
    ],
    ["ENCRYPTION_KEYS", "short", "must be `id:key` pairs"],
    ["ENCRYPTION_KEYS", `a:${keyOf(1)},b:short`, "must be `id:key` pairs"],
    ["ENCRYPTION_KEYS", `a:${keyOf(1)},a:${keyOf(2)}`, "must be `id:key` pairs"],
    ["FINGERPRINT_KEY", "short", "must be 32 bytes in base64"],
    ["OTEL_TRACES_SAMPLER_ARG", "2", "expected a value between 0 and 1"]
  ] as const)("refuse %s=%s", ([name, value, complaint]) =>
    Effect.map(problems({ [name]: value }), (found) => {
      assert.lengthOf(found, 1)
      assert.isTrue(found[0]?.startsWith(`${name}: ${complaint}`), found[0])
    })
  )

  it.effect.each([
    ["TLS_CERT_FILE", "TLS_KEY_FILE"],
    ["TLS_KEY_FILE", "TLS_CERT_FILE"]
  ] as const)("API-5: refuse %s without %s", ([name, missing]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems({ [name]: "some.pem" }), [`${missing}: is required with ${name}`])
      const { TLS_CERT_FILE, TLS_KEY_FILE } = yield* load({ [name]: "one.pem", [missing]: "other.pem" })
      assert.isTrue(Option.isSome(TLS_CERT_FILE) && Option.isSome(TLS_KEY_FILE))
    })
  )

  it.effect.each(["EPX_TEST_URL", "EPX_LIVE_URL", "EPX_TEST_LOOKUP_URL", "EPX_LIVE_LOOKUP_URL"])(
    "refuse plain HTTP for %s in production only",
    (name) =>
      Effect.gen(function* () {
        const url = { [name]: "http://epx.invalid" }
        assert.deepStrictEqual(yield* problems({ ...production, ...url }), [`${name}: must be https in production`])
        assert.isFalse((yield* load(url)).isProduction)
      })
  )

  it.effect("are read as far as they can be, as if the rest had not been set", () =>
    Effect.map(
      Effect.provideService(
        examineSettings,
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromUnknown({ ...production, PORT: "abc", DATABASE_URL: "mysql://x/y", OPS_PORT: "9999" })
      ),
      ({ problems, settings }) => {
        assert.lengthOf(problems, 2)
        assert.deepInclude(settings, { PORT: 8080, OPS_PORT: 9999, isProduction: true })
        assert.isTrue(Option.isNone(settings.DATABASE_URL))
        assert.lengthOf(settings.encryptionKeys, 1)
      }
    )
  )

  it.effect("name all that is wrong at once, and repeat no value", () =>
    Effect.map(
      problems({ APP_ENV: "production", PORT: "hunter2", ENCRYPTION_KEYS: "hunter2", EPX_TEST_URL: "http://x" }),
      (found) => {
        assert.deepStrictEqual(
          found.map((problem) => problem.split(":")[0]),
          ["PORT", "ENCRYPTION_KEYS", "DATABASE_URL", "FINGERPRINT_KEY", "EPX_TEST_URL"]
        )
        assert.notInclude(found.join(), "hunter2")
      }
    )
  )
})
