import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { Effect, Predicate, Schema } from "effect"
import type { Account } from "./Account.ts"

/** A program that could not be started (`code` is then the system's, such as EACCES) or that ended with an error. */
export class ProgramFailed extends Schema.TaggedError<ProgramFailed>()("ProgramFailed", {
  program: Schema.String,
  code: Schema.optionalKey(Schema.String),
  message: Schema.String
}) {}

/** Runs to the end and returns what was printed. Interruption ends the program and everything it started. */
export const run = (program: string, args: ReadonlyArray<string>, account: Account | undefined) =>
  Effect.acquireUseRelease(
    launch(program, args, account, ["ignore", "pipe", "pipe"]),
    (child) =>
      Effect.callback<string, ProgramFailed>((resume) => {
        let printed = ""
        const keep = (chunk: Buffer) => {
          printed = (printed + chunk.toString("utf8")).slice(-4_000)
        }
        child.stdout?.on("data", keep)
        child.stderr?.on("data", keep)
        child.once("close", (code) =>
          resume(
            code === 0 ? Effect.succeed(printed) : Effect.fail(new ProgramFailed({ program, message: printed.trim() }))
          )
        )
      }),
    (child) => (hasExited(child) ? Effect.void : end(child))
  )

/**
 * initdb, when asked, lets its current step finish and cleans up. Only a killed one leaves shared memory behind, so the
 * kill, which has to reach the programs it started too, comes last.
 */
const end = (child: ChildProcess) =>
  signal(child.pid, "SIGTERM").pipe(
    Effect.andThen(exited(child)),
    Effect.timeoutOrElse({
      duration: "5 seconds",
      // The leader of a process group has the group's id; a negative id addresses all of it.
      orElse: () => Effect.andThen(signal(child.pid && -child.pid, "SIGKILL"), exited(child))
    })
  )

/** A process that is gone already is not an error. */
export const signal = (pid: number | undefined, name: NodeJS.Signals): Effect.Effect<void> =>
  pid === undefined ? Effect.void : Effect.try(() => process.kill(pid, name)).pipe(Effect.ignore)

/**
 * Starts a program in its own process group, so that the terminal's Ctrl-C reaches only us and we decide when it ends.
 * It inherits none of our environment: PG* variables and locales of the machine must not change what Postgres does.
 */
export const launch = (
  program: string,
  args: ReadonlyArray<string>,
  account: Account | undefined,
  stdio: SpawnOptions["stdio"]
): Effect.Effect<ChildProcess, ProgramFailed> =>
  Effect.callback<ChildProcess, ProgramFailed>((resume) => {
    const child = spawn(program, args, {
      ...account,
      cwd: "/",
      env: { LC_ALL: "C", TZ: "UTC" },
      detached: true,
      stdio
    })
    child.once("spawn", () => resume(Effect.succeed(child)))
    child.once("error", (error) => resume(Effect.fail(notStarted(program, error))))
  }).pipe(
    // Node throws some start failures, such as a binary of another architecture, instead of emitting them.
    Effect.catchDefect((defect) => Effect.fail(notStarted(program, defect)))
  )

const exited = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (hasExited(child)) return resume(Effect.void)
    const done = () => resume(Effect.void)
    child.once("exit", done)
    return Effect.sync(() => child.off("exit", done))
  })

export const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

export const isAlive = (pid: number): Effect.Effect<boolean> =>
  Effect.try({
    try: () => process.kill(pid, 0),
    catch: (error) => Predicate.hasProperty(error, "code") && error.code
  }).pipe(
    // A process of another user may not be signalled, but it is there.
    Effect.catch((code) => Effect.succeed(code === "EPERM"))
  )

const notStarted = (program: string, error: unknown) =>
  new ProgramFailed({
    program,
    message: Predicate.isError(error) ? error.message : String(error),
    ...(Predicate.hasProperty(error, "code") && Predicate.isString(error.code) ? { code: error.code } : {})
  })
