import { randomBytes } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { freePorts } from "../support/Ports.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { collector, traceId, traceparent } from "./Collector.ts"
import { type Environment, launch, runToEnd } from "./Program.ts"
import { sell } from "./Shop.ts"

const secret = () => randomBytes(32).toString("base64")

const Named = Schema.fromJsonString(Schema.Struct({ id: Schema.String, secret: Schema.optionalKey(Schema.String) }))

const command = (args: string, env: Environment) =>
  Effect.map(runToEnd(args.split(" "), env), ({ stdout }) => Schema.decodeSync(Named)(stdout))

/** A merchant with a live terminal and a key for it, made as operators make them. */
const liveKey = Effect.fnUntraced(function* (env: Environment) {
  const key = "--cust-nbr 9001 --merch-nbr 900300 --dba-nbr 2 --terminal-nbr 21"
  const merchant = yield* command(`merchants create --name Shop --environment live ${key}`, env)
  const scopes = "--scope payments:write --scope payments:bric"
  return yield* command(`keys create --name Shop --environment live --merchant ${merchant.id} ${scopes}`, env)
})

layer(TestDatabase.layer, { excludeTestServices: true })("the service in production", (it) => {
  it.effect("logs JSON lines that name the request and its trace, and no secret", () =>
    Effect.gen(function* () {
      const { database, host, port: postgresPort, username } = yield* TestDatabase
      const [port, opsPort, closedPort] = yield* freePorts(3)
      const env = {
        APP_ENV: "production",
        DATABASE_URL: `postgres://${username}@localhost:${postgresPort}/${database}?host=${encodeURIComponent(host)}`,
        ENCRYPTION_KEYS: `first:${secret()}`,
        FINGERPRINT_KEY: secret(),
        // Nobody listens there: a charge is provably not sent.
        EPX_LIVE_URL: `https://127.0.0.1:${closedPort}`,
        PORT: `${port}`,
        OPS_PORT: `${opsPort}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: (yield* collector).url
      }
      const issued = yield* liveKey(env)
      assert.match(issued.secret ?? "", /^sk_live_/)
      const service = yield* launch(["serve"], env)
      yield* service.prints('"message":"Ready"')
      const answer = yield* sell(
        { url: `http://127.0.0.1:${port}`, apiKey: issued.secret ?? "" },
        { key: "not-sent", amount: 100 },
        { "x-request-id": "mine-1", traceparent }
      )
      assert.strictEqual(answer.status, 503)
      yield* service.prints('"request_id":"mine-1"')
      yield* service.signal("SIGTERM")
      assert.strictEqual(yield* service.ended, 0)

      const lines = service
        .stdout()
        .trimEnd()
        .split("\n")
        .map((line) => Schema.decodeSync(LogLine)(line))
      assert.strictEqual(service.stderr(), "")
      const answered = lines.find((line) => line.request_id === "mine-1")
      assert.strictEqual(answered?.trace_id, traceId)
      assert.strictEqual(answered?.level, "warn")
      for (const hidden of [issued.secret ?? "", env.FINGERPRINT_KEY, env.ENCRYPTION_KEYS, "09LTESTVISA00000001"]) {
        assert.notInclude(service.stdout(), hidden)
      }
    })
  )
})

const LogLine = Schema.fromJsonString(
  Schema.Struct({
    timestamp: Schema.String,
    level: Schema.String,
    message: Schema.Unknown,
    request_id: Schema.optionalKey(Schema.String),
    trace_id: Schema.optionalKey(Schema.String)
  })
)
