import { randomBytes, randomUUID } from "node:crypto"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { privileges } from "../../src/cli/doctor/Permissions.ts"
import { closedPort, listen, testCertificate } from "../epx/Ports.ts"
import { processesOf } from "../local/Workplace.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { Place, startHere } from "./Place.ts"
import { type Environment, launch, runToEnd } from "./Program.ts"
import { readDemo, sell } from "./Shop.ts"

const Findings = Schema.fromJsonString(
  Schema.Struct({
    status: Schema.String,
    findings: Schema.Array(
      Schema.Struct({
        check: Schema.String,
        status: Schema.String,
        found: Schema.String,
        advice: Schema.NullOr(Schema.String)
      })
    )
  })
)

/** What the command finds, as `check status` unless it is told of one check in full. */
const examine = Effect.fnUntraced(function* (env: Environment, ...args: ReadonlyArray<string>) {
  const { code, stdout } = yield* runToEnd(["doctor", "--json", ...args], env)
  const { findings, status } = yield* Schema.decodeEffect(Findings)(stdout)
  assert.strictEqual(code, status === "failed" ? 1 : 0)
  const of = (check: string) =>
    findings.filter((each) => each.check === check).map(({ found, status }) => `${status}: ${found}`)
  return { code, of, brief: findings.map(({ check, status }) => `${check} ${status}`) }
})

const secret = () => randomBytes(32).toString("base64")

const urlOf = Effect.fnUntraced(function* (username?: string) {
  const { database, host, port, username: owner } = yield* TestDatabase
  const user = `${username ?? owner}:hunter2`
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
})

const production = Effect.map(urlOf(), (DATABASE_URL) => ({
  APP_ENV: "production",
  DATABASE_URL,
  ENCRYPTION_KEYS: `first:${secret()}`,
  FINGERPRINT_KEY: secret()
}))

const authority = fileURLToPath(new URL("../support/tls/cert.pem", import.meta.url))

const machine = ["node", "descriptors", "memory"]

/** Of a Postgres that asks for no password: AuthenticationOk, BackendKeyData, ReadyForQuery. */
const welcome = Buffer.from("520000000800000000" + "4b0000000c0000000100000001" + "5a0000000549", "hex")

/** A role of the server that is dropped with all that was granted to it. */
const role = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const name = `doctor_${randomUUID().replaceAll("-", "")}`
  yield* Effect.acquireRelease(sql.unsafe(`CREATE ROLE ${name} LOGIN`), () =>
    Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY ${name}`), sql.unsafe(`DROP ROLE ${name}`)))
  )
  return { name, env: { APP_ENV: "test", DATABASE_URL: yield* urlOf(name) } }
})

layer(TestDatabase.layerClient, { excludeTestServices: true })("doctor", (it) => {
  it.effect("looks at everything there is in production, sends EPX nothing and shows no secret", () =>
    Effect.gen(function* () {
      const epx = yield* listen({ certificate: testCertificate })
      const env = {
        ...(yield* production),
        EPX_LIVE_URL: `https://bearer:hunter2@localhost:${epx.port}/epx`,
        EPX_LIVE_LOOKUP_URL: `https://127.0.0.1:${epx.port}`,
        NODE_EXTRA_CA_CERTS: authority
      }
      const { code, stderr, stdout } = yield* runToEnd(["doctor"], env)
      const lines = stdout.trimEnd().split("\n")
      assert.deepStrictEqual(
        lines.map((line) => line.replace(/:.*/, "").replace(/ +/, " ")),
        [
          "ok configuration",
          "ok keys",
          "ok database",
          "failed durability",
          "ok connections",
          "ok permissions",
          "ok migrations",
          "ok sealed rows",
          "ok sizes",
          "ok clock",
          "ok EPX_LIVE_URL",
          "ok EPX_LIVE_LOOKUP_URL",
          ...lines.slice(-3).map((line) => line.replace(/:.*/, "").replace(/ +/, " "))
        ]
      )
      // The server of the tests survives no power cut.
      assert.strictEqual(code, 1)
      assert.strictEqual(stderr, "The service cannot run like this: durability.\n")
      assert.match(stdout, /^ok {7}EPX_LIVE_URL: localhost:\d+ answers with TLSv1\.3; its certificate is trusted/m)
      assert.strictEqual(epx.connections(), 2)
      assert.strictEqual(epx.received(), "")
      for (const hidden of ["hunter2", env.FINGERPRINT_KEY, env.ENCRYPTION_KEYS.slice("first:".length)]) {
        assert.notInclude(stdout + stderr, hidden)
      }
    })
  )

  it.effect("has warnings, and exit code 0, for what only production must not have", () =>
    Effect.gen(function* () {
      const { brief, code, of } = yield* examine({ ...(yield* production), APP_ENV: "test" })
      assert.strictEqual(code, 0)
      assert.include(brief, "durability warning")
      assert.deepStrictEqual(of("durability"), [
        "warning: fsync, full_page_writes, synchronous_commit are off: a crash can lose the record of money that has moved."
      ])
      assert.match(of("connections").join(), /^ok: 1 process takes 22 connections of 297 that we may have/)
    })
  )

  it.effect("counts the connections of as many processes as are asked for", () =>
    Effect.gen(function* () {
      const { of } = yield* examine({ ...(yield* production), APP_ENV: "test" }, "--processes", "15")
      assert.match(of("connections").join(), /^failed: 15 processes take 330 connections of 297/)
    })
  )

  it.effect("tells of every variable that is wrong, and looks at the rest all the same", () =>
    Effect.gen(function* () {
      const env = { ...(yield* production), PORT: "abc", OPS_PORT: "hunter2", FINGERPRINT_KEY: "short" }
      const { brief, of } = yield* examine({ ...env, EPX_LIVE_URL: `http://127.0.0.1:${yield* closedPort}` })
      assert.deepStrictEqual(of("configuration").slice(0, 4), [
        "failed: PORT: expected a number.",
        "failed: OPS_PORT: expected a number.",
        "failed: FINGERPRINT_KEY: must be 32 bytes in base64.",
        "failed: EPX_LIVE_URL: must be https in production."
      ])
      assert.include(brief, "database ok")
      assert.include(brief, "migrations ok")
      assert.match(of("EPX_LIVE_URL").join(), /^failed: .*ECONNREFUSED/)
    })
  )

  it.effect("tells how the schema differs, and applies nothing", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const env = { ...(yield* production), APP_ENV: "test" }
      const applied = sql<{
        file: string
        checksum: string
      }>`SELECT file, checksum FROM schema_migrations ORDER BY file`
      const before = yield* applied
      yield* Effect.addFinalizer(() =>
        Effect.andThen(
          sql`DELETE FROM schema_migrations`,
          Effect.forEach(before, (row) => sql`INSERT INTO schema_migrations ${sql.insert({ ...row })}`)
        ).pipe(Effect.orDie)
      )
      yield* sql`UPDATE schema_migrations SET checksum = 'other' WHERE file LIKE '0002_%'`
      yield* sql`UPDATE schema_migrations SET file = '9999_later.sql' WHERE file LIKE '0003_%'`
      const changed = yield* applied
      const { of } = yield* examine(env)
      assert.deepStrictEqual(of("migrations"), [
        "failed: 0002_payments.sql changed after it was applied, and no start goes with that.",
        "failed: 9999_later.sql was applied by another version of the service.",
        "warning: 0003_transactions.sql is missing."
      ])
      assert.deepStrictEqual(yield* applied, changed)
    })
  )

  it.effect("tells what the server itself refuses", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { env, name } = yield* role
      yield* sql.unsafe(`ALTER ROLE ${name} SET default_transaction_read_only = on`)
      yield* sql.unsafe(`ALTER ROLE ${name} CONNECTION LIMIT 20`)
      const { of } = yield* examine(env)
      assert.deepStrictEqual(of("database"), ["failed: default_transaction_read_only is on: every write is refused."])
      assert.match(of("connections").join(), /^failed: 1 process takes 22 connections of 20/)
    })
  )

  describe("on permissions", () => {
    it.effect("knows all tables of the service", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const tables = yield* sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
        assert.sameMembers(
          tables.map(({ name }) => name),
          Object.keys(privileges)
        )
      })
    )

    it.effect("tells what the role may not do, until it may", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { env, name } = yield* role
        const permissions = Effect.map(examine(env), ({ of }) => of("permissions").join())
        assert.strictEqual(
          yield* permissions,
          `failed: ${name} may not create tables in the schema public, and no start goes without that.`
        )
        yield* sql.unsafe(`GRANT CREATE ON SCHEMA public TO ${name}`)
        assert.match(
          yield* permissions,
          new RegExp(
            `^failed: ${name} lacks DELETE on concurrency_leases, DELETE on decline_levels, DELETE on duplicate_guards, `
          )
        )
        yield* sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name}`)
        assert.strictEqual(yield* permissions, `failed: ${name} lacks UPDATE on tran_nbr, USAGE on tran_nbr.`)
        yield* sql.unsafe(`GRANT USAGE, UPDATE ON SEQUENCE tran_nbr TO ${name}`)
        assert.match(yield* permissions, new RegExp(`^warning: ${name} does not own api_keys, audit_events, `))
      })
    )
  })

  describe("where the database cannot be used", () => {
    it.effect.each([
      ["postgres://app:hunter2@nowhere.invalid/payments", /its name cannot be resolved/],
      ["postgres://app:hunter2@127.0.0.1:1/payments", /ECONNREFUSED/],
      ["postgres://app:hunter2@localhost/payments?sslmode=maybe", /sslmode/]
    ] as const)("says so of %s and no more of it", ([url, found]) =>
      Effect.gen(function* () {
        const { brief, of } = yield* examine({ ...(yield* production), DATABASE_URL: url })
        assert.match(of("database").join(), /^failed: /)
        assert.match(of("database").join(), found)
        assert.notInclude(of("database").join(), "hunter2")
        for (const check of ["migrations", "permissions", "clock"]) assert.notInclude(brief.join(), check)
        for (const check of machine) assert.include(brief.join(), check)
      })
    )

    it.effect("repeats what Postgres says, and what to do", () =>
      Effect.gen(function* () {
        const env = { APP_ENV: "test", DATABASE_URL: yield* urlOf("stranger") }
        const { stdout } = yield* runToEnd(["doctor"], env)
        assert.match(
          stdout,
          /^failed {3}database: .* cannot be used: role "stranger" does not exist\. Check the user and password/m
        )
        assert.notInclude(stdout, "hunter2")
      })
    )
  })

  describe("where nobody answers", () => {
    const silent = Effect.map(Effect.all([listen({}), production]), ([{ port }, env]) => ({
      ...env,
      DATABASE_URL: `postgres://app:hunter2@127.0.0.1:${port}/payments`,
      EPX_LIVE_URL: `https://127.0.0.1:${port}`,
      EPX_LIVE_LOOKUP_URL: `https://127.0.0.1:${port}`
    }))

    it.effect("gives up within ten seconds", () =>
      Effect.gen(function* () {
        const [time, { of }] = yield* Effect.timed(examine(yield* silent))
        assert.isBelow(Duration.toSeconds(time), 10)
        assert.match(of("database").join(), /^failed: .* did not answer within 4s/)
        assert.match(of("EPX_LIVE_URL").join(), /^failed: .* no connection within 5s/)
      })
    )

    it.effect("gives up as soon where Postgres lets it in and is silent then", () =>
      Effect.gen(function* () {
        const { port } = yield* listen({ onData: (socket, _, count) => void (count === 1 && socket.write(welcome)) })
        const env = { APP_ENV: "test", DATABASE_URL: `postgres://app:hunter2@127.0.0.1:${port}/payments` }
        const [time, { of }] = yield* Effect.timed(examine(env))
        assert.isBelow(Duration.toSeconds(time), 10)
        for (const check of ["database", "permissions", "migrations", "clock"]) {
          assert.deepStrictEqual(of(check), ["failed: No answer within 3s."])
        }
      })
    )

    it.effect("ends at once on Ctrl-C, and does not pass for health", () =>
      Effect.gen(function* () {
        const doctor = yield* launch(["doctor"], yield* silent)
        yield* doctor.prints("configuration")
        const [time, code] = yield* Effect.timed(Effect.andThen(doctor.signal("SIGINT"), doctor.ended))
        assert.isBelow(Duration.toSeconds(time), 1)
        assert.strictEqual(code, 1)
        assert.strictEqual(doctor.stderr(), "Broken off before everything was looked at.\n")
      })
    )
  })
})

// One test, because each part needs what the part before left behind.
layer(Place.layer, { excludeTestServices: true })("doctor in development", (it) => {
  it.effect(
    "starts nothing, looks at what runs, and sees whether its rows open with these keys",
    () =>
      Effect.gen(function* () {
        const { directory, env } = yield* Place
        const before = yield* examine(env)
        assert.match(before.of("database").join(), /^ok: DATABASE_URL is not set/)
        assert.match(before.of("keys").join(), /^ok: What is not set is made by the first start/)
        assert.isFalse(existsSync(directory))

        const service = yield* startHere
        const { api_key } = readDemo(directory)
        const access = { url: `http://127.0.0.1:${env.PORT}`, apiKey: api_key }
        assert.strictEqual((yield* sell(access, { key: "sold", amount: 1_999 })).status, 201)
        const during = yield* examine(env)
        assert.strictEqual(during.code, 0)
        assert.match(during.of("database").join(), /^ok: Postgres 18\S* at \S.* \(embedded\), a primary\.$/)
        assert.deepStrictEqual(during.of("durability"), ["ok: fsync is on, and synchronous_commit is on."])
        assert.deepStrictEqual(during.of("sealed rows"), ["ok: They open with these keys."])

        const otherKeys = { ...env, ENCRYPTION_KEYS: `other:${secret()}` }
        assert.deepStrictEqual((yield* examine(otherKeys)).of("sealed rows"), [
          'failed: A token is sealed with the key "local", and ENCRYPTION_KEYS does not open it.',
          'failed: The EPI-Key of a terminal is sealed with the key "local", and ENCRYPTION_KEYS does not open it.'
        ])
        const otherFingerprint = { ...env, FINGERPRINT_KEY: secret() }
        assert.deepStrictEqual((yield* examine(otherFingerprint)).of("sealed rows"), [
          "failed: FINGERPRINT_KEY is not the one that the rows were made with."
        ])

        yield* service.signal("SIGTERM")
        assert.strictEqual(yield* service.ended, 0)
        assert.match((yield* examine(env)).of("database").join(), /that does not run now/)
        assert.deepStrictEqual(processesOf(directory), [])
      }),
    60_000
  )
})
