import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Deferred, Effect } from "effect"
import { childEnvironment } from "../support/ChildEnvironment.ts"
import { freePorts } from "../support/Ports.ts"
import type { Command, Report } from "./Messages.ts"

export type Passing = Extract<Report, { readonly kind: "at" }>

/** One process of the service, and what it can be made to do. */
export interface ServiceProcess {
  readonly url: string
  /** Which calls are to stop at each of their boundaries and ask. */
  readonly watch: (types: Iterable<string>) => Effect.Effect<void>
  readonly go: (passing: Passing) => Effect.Effect<void>
  /** Its clock stands still for sleepers until it is put forward. */
  readonly freeze: Effect.Effect<void>
  readonly shift: (by_ms: number) => Effect.Effect<void>
  /** What it is told from now on waits until it goes on. */
  readonly pause: Effect.Effect<void>
  readonly goOn: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  readonly isPaused: () => boolean
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const command = ["--import", pathToFileURL(path("../../bin/node-version.mjs")).href, path("MatrixService.ts")]

let started = 0

/** Starts the service, which is killed with the scope, and returns when it is ready. `onPassage` hears of each stop. */
export const startService = Effect.fnUntraced(function* (
  directory: string,
  env: Readonly<Record<string, string>>,
  onPassage: (passing: Passing, from: ServiceProcess) => void
) {
  const [port, opsPort] = yield* freePorts(2)
  const log = join(directory, `service-${++started}.log`)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawnWithLog(log, {
        ...env,
        ...childEnvironment(),
        PORT: `${port}`,
        OPS_PORT: `${opsPort}`
      })
    ),
    (made) => end(made)
  )
  let isPaused = false
  let commands = 0
  const ready = Deferred.makeUnsafe<void>()
  const answers = new Map<number, Deferred.Deferred<void>>()
  const send = (message: Command) =>
    Effect.sync(() => {
      if (child.connected) child.send(message)
    })
  const told = (make: (id: number) => Command) =>
    Effect.suspend(() => {
      const id = ++commands
      const answer = Deferred.makeUnsafe<void>()
      answers.set(id, answer)
      return isPaused ? send(make(id)) : Effect.andThen(send(make(id)), Deferred.await(answer))
    })

  const service: ServiceProcess = {
    url: `http://127.0.0.1:${port}`,
    watch: (types) => send({ kind: "watch", types: [...types] }),
    go: ({ id }) => send({ kind: "go", id }),
    freeze: told((id) => ({ kind: "freeze", id })),
    shift: (by_ms) => told((id) => ({ kind: "shift", id, by_ms })),
    pause: Effect.sync(() => {
      isPaused = true
      child.kill("SIGSTOP")
    }),
    goOn: Effect.sync(() => {
      isPaused = false
      child.kill("SIGCONT")
    }),
    kill: end(child),
    isPaused: () => isPaused
  }
  child.on("message", (report: Report) => {
    if (report.kind === "at") return onPassage(report, service)
    const answer = report.kind === "ready" ? ready : answers.get(report.id)
    if (answer !== undefined) Deferred.doneUnsafe(answer, Effect.void)
  })
  yield* Effect.raceFirst(
    Deferred.await(ready),
    Effect.andThen(
      gone(child),
      Effect.suspend(() =>
        Effect.die(
          new Error(`The service did not start. Its output ends with:\n${readFileSync(log, "utf8").slice(-2000)}`)
        )
      )
    )
  )
  return service
})

const spawnWithLog = (log: string, env: NodeJS.ProcessEnv): ChildProcess => {
  const output = openSync(log, "a")
  const child = spawn(process.execPath, command, { env, stdio: ["ignore", output, output, "ipc"] })
  closeSync(output)
  return child
}

const gone = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

const end = (child: ChildProcess) =>
  Effect.andThen(
    Effect.sync(() => child.kill("SIGKILL")),
    gone(child)
  )
