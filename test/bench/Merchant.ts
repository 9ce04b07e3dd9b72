import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { Effect } from "effect"
import { ChildFailed, pathOf, withPath } from "./Process.ts"
import { type Environment, serviceModule } from "./ServiceProcess.ts"

const terminal = { cust: "7002", merch: "700201", dba: "1", terminal: "1" }

/** A merchant's API key, and its four-part key at the gateway joined by `-`. */
export interface Merchant {
  readonly apiKey: string
  readonly terminal: string
}

/** A migrated database with a merchant, its test terminal and one key, all made by operator commands. */
export const makeMerchant = Effect.fnUntraced(function* (env: Environment) {
  yield* operate(env, ["migrate"])
  const { cust, merch, dba, terminal: nbr } = terminal
  const fourPartKey = ["--cust-nbr", cust, "--merch-nbr", merch, "--dba-nbr", dba, "--terminal-nbr", nbr]
  const created = yield* operate(env, ["merchants", "create", "--name", "Benchmark", ...fourPartKey])
  const id = yield* find(created, /\bmer_[0-9a-z]+\b/)
  const scopes = ["payments:read", "payments:write", "payments:bric"].flatMap((scope) => ["--scope", scope])
  const issued = yield* operate(env, ["keys", "create", "--merchant", id, "--name", "Benchmark", ...scopes])
  const merchant: Merchant = {
    apiKey: yield* find(issued, /\bsk_test_[A-Za-z0-9_-]+/),
    terminal: Object.values(terminal).join("-")
  }
  return merchant
})

/** Runs one operator command to its end; returns what it printed. */
const operate = (env: Environment, args: ReadonlyArray<string>) =>
  Effect.tryPromise({
    try: (signal) =>
      promisify(execFile)(process.execPath, [pathOf(serviceModule), ...args], { env: withPath(env), signal }),
    catch: (error) => new ChildFailed({ message: `"${args.slice(0, 2).join(" ")}" failed: ${error}` })
  }).pipe(Effect.map(({ stdout }) => stdout))

const find = (printed: string, pattern: RegExp) => {
  const found = pattern.exec(printed)?.[0]
  return found === undefined
    ? Effect.fail(new ChildFailed({ message: `Expected ${pattern} in what was printed.` }))
    : Effect.succeed(found)
}
