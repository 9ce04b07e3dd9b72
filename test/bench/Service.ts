import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect } from "effect"
import type { Contender, ContenderOptions } from "./Contenders.ts"
import { freePort } from "./FreePort.ts"
import { probed } from "./Probed.ts"
import { ChildFailed, hasEnded, startProcess, withPath } from "./Process.ts"
import { urlOf } from "./Server.ts"

const command = "../../src/cli.ts"

const terminal = { cust: "7002", merch: "700201", dba: "1", terminal: "1" }

/** What production keeps of the traces when nobody says otherwise. */
export const sampledShare = 0.1

type Environment = Readonly<Record<string, string>>

/** The service as it runs in production, but for addresses and keys. */
export const startService = (options: ContenderOptions) =>
  Effect.timeoutOrElse(start(options), {
    duration: "60 seconds",
    orElse: () => new ChildFailed({ message: "The service was not ready after a minute." })
  })

const start = Effect.fnUntraced(function* ({ database, gatewayUrl, traces, directory }: ContenderOptions) {
  const port = yield* Effect.promise(freePort)
  const opsPort = yield* Effect.promise(freePort)
  const env: Environment = {
    // Production itself refuses a gateway without TLS; what else it sets is set here.
    APP_ENV: "test",
    NODE_ENV: "production",
    LOG_FORMAT: "json",
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString("base64")}`,
    FINGERPRINT_KEY: randomBytes(32).toString("base64"),
    DATABASE_URL: urlOf(database),
    PORT: String(port),
    OPS_PORT: String(opsPort),
    EPX_TEST_URL: gatewayUrl,
    ...(traces && { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_TRACES_SAMPLER_ARG: String(sampledShare) })
  }
  const apiKey = yield* prepareService(env)
  const options = { name: "service", module: command, args: ["serve"], env, directory, hasProbe: true }
  const service = yield* startProcess(options)
  const isReady = Effect.tryPromise(() => fetch(`http://127.0.0.1:${opsPort}/health/ready`)).pipe(
    Effect.map(({ status }) => status === 200),
    Effect.orElseSucceed(() => false)
  )
  while (!(yield* isReady)) {
    if (hasEnded(service.process)) return yield* service.failure()
    yield* Effect.sleep("50 millis")
  }
  const contender: Contender = {
    name: "service",
    pid: service.pid,
    url: `http://127.0.0.1:${port}`,
    apiKey,
    database,
    terminal: Object.values(terminal).join("-"),
    traces,
    ...probed(service)
  }
  return contender
})

/** A migrated database with a merchant, its test terminal and one key, all made by operator commands; returns the key. */
const prepareService = Effect.fnUntraced(function* (env: Environment) {
  yield* operate(env, ["migrate"])
  const { cust, merch, dba, terminal: nbr } = terminal
  const fourPartKey = ["--cust-nbr", cust, "--merch-nbr", merch, "--dba-nbr", dba, "--terminal-nbr", nbr]
  const created = yield* operate(env, ["merchants", "create", "--name", "Benchmark", ...fourPartKey])
  const merchant = yield* find(created, /\bmer_[0-9a-z]+\b/)
  const scopes = ["payments:read", "payments:write", "payments:bric"].flatMap((scope) => ["--scope", scope])
  const issued = yield* operate(env, ["keys", "create", "--merchant", merchant, "--name", "Benchmark", ...scopes])
  return yield* find(issued, /\bsk_test_[A-Za-z0-9_-]+/)
})

/** Runs one operator command to its end; returns what it printed. */
const operate = (env: Environment, args: ReadonlyArray<string>) =>
  Effect.tryPromise({
    try: (signal) =>
      promisify(execFile)(process.execPath, [fileURLToPath(new URL(command, import.meta.url)), ...args], {
        env: withPath(env),
        signal
      }),
    catch: (error) => new ChildFailed({ message: `"${args.slice(0, 2).join(" ")}" failed: ${error}` })
  }).pipe(Effect.map(({ stdout }) => stdout))

const find = (printed: string, pattern: RegExp) => {
  const found = pattern.exec(printed)?.[0]
  return found === undefined
    ? Effect.fail(new ChildFailed({ message: `Expected ${pattern} in what was printed.` }))
    : Effect.succeed(found)
}
