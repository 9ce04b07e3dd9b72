import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Effect, Schedule } from "effect"
import { childEnvironment } from "../support/ChildEnvironment.ts"

export type Environment = Readonly<Record<string, string>>

/** How a process ended: its code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals | null

/** A program of ours in a process of its own. */
export interface Program {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  readonly signal: (name: NodeJS.Signals) => Effect.Effect<void>
  readonly ended: Effect.Effect<Ending>
  /** Waits until it has printed this to stdout; fails when it ends before. */
  readonly prints: (text: string) => Effect.Effect<void>
}

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/** As `npm run cli` starts it. */
const command = ["--import", pathToFileURL(path("bin/node-version.mjs")).href, path("src/cli.ts")]

/** Runs our command line program, which ends with the scope: politely if that is quick, so that nothing is left behind. */
export const launch = (args: ReadonlyArray<string>, env: Environment) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        observe(spawn(process.execPath, [...command, ...args], { env: { ...childEnvironment(), ...env } }))
      ),
      ({ child, ended }) =>
        Effect.andThen(
          Effect.sync(() => child.kill("SIGKILL")),
          ended
        )
    ),
    ({ child, ended, printed }): Program => ({
      pid: child.pid ?? 0,
      stdout: () => printed.stdout,
      stderr: () => printed.stderr,
      signal: (name) => Effect.sync(() => void child.kill(name)),
      ended,
      prints: (text) =>
        Effect.suspend(() => {
          if (printed.stdout.includes(text)) return Effect.void
          return hasEnded(child)
            ? Effect.die(new Error(`It ended. ${printed.stdout}\n${printed.stderr}`))
            : Effect.fail("not yet")
        }).pipe(Effect.retry(poll), Effect.orDie)
    })
  )

/** Runs it to its end. */
export const runToEnd = (args: ReadonlyArray<string>, env: Environment) =>
  Effect.gen(function* () {
    const program = yield* launch(args, env)
    const code = yield* program.ended
    return { code, stdout: program.stdout(), stderr: program.stderr() }
  }).pipe(Effect.scoped)

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const observe = (child: ChildProcess) => {
  const printed = { stdout: "", stderr: "" }
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    printed.stdout += text
  })
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    printed.stderr += text
  })
  const ending = new Promise<Ending>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal))
  })
  return { child, printed, ended: Effect.promise(() => ending) }
}

/** How often a test looks whether something has happened. */
export const poll = Schedule.spaced("10 millis")

/** Looks again and again until it holds; the time limit of the test ends it otherwise. */
export const until = <A, E, R>(look: Effect.Effect<A, E, R>, holds: (found: A) => boolean) =>
  Effect.repeat(look, { until: holds, schedule: poll })
