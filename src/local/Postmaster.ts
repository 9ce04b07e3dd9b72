import { basename, join } from "node:path"
import { Effect, FileSystem, Option, Schedule } from "effect"
import type { LocalDatabase } from "./LocalDatabase.ts"
import { isAlive, signal } from "./Program.ts"

/** A running server process, as its `postmaster.pid` describes it. */
export interface Postmaster {
  readonly pid: number
  readonly socketDirectory: string
  readonly port: number
}

/** Sockets of ours lie in directories with this prefix; no others are ever removed. */
export const socketPrefix = "payment-pg-"

/** The server that runs on this data directory, whoever started it. The file of a dead one is not believed. */
export const findPostmaster = Effect.fnUntraced(function* (dataDirectory: string) {
  const described = yield* readPidFile(dataDirectory)
  if (Option.isNone(described)) return described
  return (yield* isPostgres(described.value.pid)) ? described : Option.none()
})

/** Whether the server says in its pid file that it accepts connections. */
export const isReady = Effect.fnUntraced(function* (dataDirectory: string) {
  return (yield* pidFileLines(dataDirectory))[7]?.trim() === "ready"
})

/** Where to connect, as the superuser. */
export const maintenance = (postmaster: Postmaster): LocalDatabase => ({
  host: postmaster.socketDirectory,
  port: postmaster.port,
  username: "postgres",
  database: "postgres"
})

/**
 * Removes what a killed server left and a new one would trip over: its socket, and its pid file if the pid meanwhile
 * belongs to another program. Postgres itself sees through a pid that belongs to nobody.
 */
export const clearRemains = Effect.fnUntraced(function* (dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const described = yield* readPidFile(dataDirectory)
  if (Option.isNone(described)) return
  const { pid, socketDirectory } = described.value
  if (yield* isPostgres(pid)) return
  yield* removeSocketDirectory(socketDirectory)
  if (yield* isAlive(pid)) yield* fs.remove(pidFile(dataDirectory), { force: true })
})

export const removeSocketDirectory = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  if (!basename(path).startsWith(socketPrefix)) return
  yield* fs.remove(path, { recursive: true, force: true }).pipe(Effect.ignore)
})

/**
 * Ends the server and waits until it is gone. SIGINT ends all sessions and writes a checkpoint; SIGQUIT drops
 * everything at once, and the next start recovers from the log.
 */
export const stop = Effect.fnUntraced(function* (postmaster: Postmaster, how: "SIGINT" | "SIGQUIT") {
  yield* signal(postmaster.pid, how)
  yield* gone(postmaster.pid).pipe(
    Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => signal(postmaster.pid, "SIGQUIT") }),
    Effect.andThen(gone(postmaster.pid)),
    Effect.timeoutOrElse({
      duration: "25 seconds",
      orElse: () => Effect.logWarning("Postgres does not stop").pipe(Effect.annotateLogs({ pid: postmaster.pid }))
    })
  )
  yield* removeSocketDirectory(postmaster.socketDirectory)
})

const gone = (pid: number) =>
  isPostgres(pid).pipe(Effect.repeat({ while: (running) => running, schedule: stopPoll }), Effect.asVoid)

const stopPoll = Schedule.spaced("10 millis")

/** A pid may have been given to another program since, and the process may be dead but not yet reaped. */
const isPostgres = Effect.fnUntraced(function* (pid: number) {
  if (!(yield* isAlive(pid))) return false
  const fs = yield* FileSystem.FileSystem
  const command = yield* fs.readFileString(`/proc/${pid}/cmdline`).pipe(Effect.option)
  if (Option.isNone(command)) return process.platform !== "linux"
  const [program = ""] = command.value.split("\0")
  return basename(program) === "postgres"
})

const readPidFile = Effect.fnUntraced(function* (dataDirectory: string) {
  const [pid, , , port, socketDirectory] = yield* pidFileLines(dataDirectory)
  return Number(pid) > 0 && Number(port) > 0 && socketDirectory
    ? Option.some<Postmaster>({ pid: Number(pid), port: Number(port), socketDirectory })
    : Option.none<Postmaster>()
})

const pidFileLines = Effect.fnUntraced(function* (dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const content = yield* fs.readFileString(pidFile(dataDirectory)).pipe(Effect.orElseSucceed(() => ""))
  return content.split("\n")
})

export const pidFile = (dataDirectory: string): string => join(dataDirectory, "postmaster.pid")
