import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Data, Effect } from "effect"
import type { ChildMessage } from "./ChildSide.ts"

/** A process of the benchmark did not start, ended too early or failed at a job. */
export class ChildFailed extends Data.TaggedError("ChildFailed")<{ readonly message: string }> {}

export interface ProcessOptions {
  readonly name: string
  /** URL of the module, or its path relative to this directory. */
  readonly module: string
  readonly args?: ReadonlyArray<string>
  /** Options of Node itself. */
  readonly nodeOptions?: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Where the file with its output goes. */
  readonly directory: string
  /** Whether Probed.ts can look into it. */
  readonly hasProbe?: boolean
}

/** A Node process of its own, which ends with the scope. */
export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly process: ChildProcess
  /** Says why it is not as it should be; ends with what it last wrote. */
  readonly failure: () => ChildFailed
}

export const startProcess = Effect.fnUntraced(function* (options: ProcessOptions) {
  const log = join(options.directory, `${options.name}.log`)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawnWithLog(options, log)),
    stopProcess
  )
  const running: RunningProcess = {
    name: options.name,
    pid: child.pid ?? 0,
    process: child,
    failure: () =>
      new ChildFailed({
        message: `The ${options.name} failed. Its output ends with:\n${readFileSync(log, "utf8").slice(-2_000)}`
      })
  }
  return running
})

const spawnWithLog = (options: ProcessOptions, log: string): ChildProcess => {
  const { module, args = [], env, hasProbe = false, nodeOptions = [] } = options
  const preload = hasProbe ? ["--import", new URL("./Probe.ts", import.meta.url).href] : []
  const output = openSync(log, "a")
  try {
    return spawn(process.execPath, [...nodeOptions, ...preload, pathOf(module), ...args], {
      env: withPath(env),
      // JSON would turn NaN, a latency of nothing, into null.
      serialization: "advanced",
      stdio: ["ignore", output, output, "ipc"]
    })
  } finally {
    closeSync(output)
  }
}

export const pathOf = (module: string): string => fileURLToPath(new URL(module, import.meta.url))

/** Nothing else of our environment is passed on: a variable of this shell must not change what is measured. */
export const withPath = (env: Readonly<Record<string, string>>) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...env
})

/** Politely; after ten seconds by force. */
const stopProcess = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (hasEnded(child)) return resume(Effect.void)
    const force = setTimeout(() => child.kill("SIGKILL"), 10_000)
    child.once("exit", () => {
      clearTimeout(force)
      resume(Effect.void)
    })
    child.kill("SIGTERM")
  })

/** Sends a message, if there is one, and waits for the first of the wanted kind. */
export const nextMessage = (
  { process: child, failure }: RunningProcess,
  wanted: Exclude<ChildMessage["kind"], "failed">,
  request?: object
) =>
  Effect.callback<unknown, ChildFailed>((resume) => {
    const onMessage = (message: ChildMessage) => {
      if (message.kind === wanted) finish(Effect.succeed(message.value))
      else if (message.kind === "failed") finish(Effect.fail(new ChildFailed({ message: message.message })))
    }
    const onExit = () => finish(Effect.fail(failure()))
    const forget = () => {
      child.off("message", onMessage)
      child.off("exit", onExit)
    }
    const finish = (result: Effect.Effect<unknown, ChildFailed>) => {
      forget()
      resume(result)
    }
    if (hasEnded(child) || !child.connected) return finish(Effect.fail(failure()))
    child.on("message", onMessage)
    child.on("exit", onExit)
    if (request !== undefined) child.send(request)
    return Effect.sync(forget)
  })

export const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null
