import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { dirname } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { leftovers, processesOf } from "../local/Workplace.ts"
import { occupy } from "../support/Ports.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { Place } from "./Place.ts"
import { type Environment, launch, runToEnd, until } from "./Program.ts"

const secret = () => randomBytes(32).toString("base64")

const production = () => ({
  APP_ENV: "production",
  DATABASE_URL: "postgres://app:hunter2@127.0.0.1:1/payments",
  ENCRYPTION_KEYS: `first:${secret()}`,
  FINGERPRINT_KEY: secret(),
  EPX_LIVE_URL: "https://epx.invalid"
})

const refused = (env: Environment) =>
  Effect.map(runToEnd(["serve"], env), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 1)
    assert.strictEqual(stdout, "")
    return stderr.trimEnd().split("\n")
  })

layer(Place.layer, { excludeTestServices: true })("the service does not start", (it) => {
  it.effect.each(["PORT", "OPS_PORT", "SIMULATOR_PORT", "SIMULATOR_CONTROL_PORT"] as const)(
    "where %s is taken",
    (name) =>
      Effect.gen(function* () {
        const { directory, env } = yield* Place
        yield* occupy(Number(env[name]))
        const { code, stderr } = yield* runToEnd(["serve"], env)
        assert.strictEqual(code, 1)
        const lines = stderr.trimEnd().split("\n")
        assert.lengthOf(lines, 1)
        assert.match(lines[0] ?? "", new RegExp(`\\b${env[name]}\\b.*\\b${name}\\b`))
        assert.deepStrictEqual(processesOf(directory), [])
      })
  )

  it.effect("in production with nothing set, and says so of everything at once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* refused({ APP_ENV: "production", PORT: "abc", ENCRYPTION_KEYS: "short" }), [
        "The configuration is not valid:",
        "  - PORT: expected a number",
        "  - ENCRYPTION_KEYS: must be `id:key` pairs with commas between, no id twice, each key 32 bytes in base64",
        "  - DATABASE_URL: is required in production",
        "  - FINGERPRINT_KEY: is required in production",
        "  - EPX_LIVE_URL, EPX_TEST_URL: one at least is required in production; the simulator is for development"
      ])
    })
  )
})

layer(Place.layer, { excludeTestServices: true })("Ctrl-C during the first start", (it) => {
  it.effect("leaves nothing behind", () =>
    Effect.gen(function* () {
      const { directory, env } = yield* Place
      const service = yield* launch(["serve"], env)
      yield* until(
        Effect.sync(() => leftovers(directory)),
        (found) => found.length > 0
      )
      yield* service.signal("SIGINT")
      assert.strictEqual(yield* service.ended, 0)
      assert.deepStrictEqual(processesOf(dirname(directory)), [])
      assert.deepStrictEqual(
        readdirSync(directory).filter((name) => name !== "keys.json"),
        []
      )
      assert.isFalse(existsSync(`${directory}/postgres`))
    })
  )
})

layer(TestDatabase.layer, { excludeTestServices: true })("a database that cannot be used", (it) => {
  it.effect("is named without its password", () =>
    Effect.gen(function* () {
      const { host, port } = yield* TestDatabase
      const reach = `localhost:${port}/payments?host=${encodeURIComponent(host)}`
      assert.deepStrictEqual(
        yield* refused({ ...production(), DATABASE_URL: `postgres://stranger:hunter2@${reach}` }),
        [`The database at localhost:${port}/payments cannot be used: role "stranger" does not exist. See DATABASE_URL.`]
      )
    })
  )
})
