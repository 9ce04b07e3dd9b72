import { existsSync } from "node:fs"
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { startPostgres } from "./Server.ts"

const prefix = "running-"

/**
 * A directory for what one benchmark leaves behind while it runs. It is on the disk of the project: a file system in
 * memory would make a commit cheaper than it is.
 */
export const openWorkspace = Effect.fnUntraced(function* (home: string) {
  yield* Effect.promise(() => mkdir(home, { recursive: true }))
  yield* sweep(home)
  return yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(home, `${prefix}${process.pid}-`))),
    removeAll
  ).pipe(
    // Postgres does not run as root, and its own user must reach its data.
    Effect.tap((directory) => Effect.promise(() => chmod(directory, 0o755)))
  )
})

/** A benchmark that was killed could not tidy up: its server may still run. */
const sweep = Effect.fnUntraced(function* (home: string) {
  const names = yield* Effect.promise(() => readdir(home))
  for (const name of names) {
    if (!name.startsWith(prefix) || isRunning(Number.parseInt(name.slice(prefix.length), 10))) continue
    const directory = join(home, name)
    yield* removeServer(directory)
    yield* removeServer(localDirectory(directory))
    yield* removeAll(directory)
  }
})

/** Where a service that is started as in development keeps its own server. */
export const localDirectory = (directory: string): string => join(directory, "local")

/** Stops the server of a directory, if one was left there, and removes its data. */
export const removeServer = Effect.fnUntraced(function* (directory: string) {
  if (!existsSync(directory)) return
  // Whoever holds the server of a directory takes over one that runs already, and stops it at the end.
  yield* Effect.scoped(startPostgres(directory))
})

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const removeAll = (directory: string) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
