import { basename, dirname, join, resolve } from "node:path"
import { Effect, FileSystem, Option, Predicate } from "effect"
import { type Account, canReach, isRoot, unprivileged, withId } from "./Account.ts"
import type { Binary } from "./Binary.ts"
import { PostgresUnavailable } from "./PostgresUnavailable.ts"
import { isAlive, run } from "./Program.ts"
import { sharedPlace } from "./SharedPlace.ts"

/** Where the data is, and the user that owns it; without an account, that is whoever we are. */
export interface DataDirectory {
  readonly path: string
  readonly account: Account | undefined
}

/**
 * The wanted directory, except for root when the user that Postgres then runs as cannot reach it: then one in
 * `sharedPlace`, the same at each start.
 */
export const locate = Effect.fn("DataDirectory.locate")(
  function* (wanted: string) {
    const fs = yield* FileSystem.FileSystem
    const parent = dirname(resolve(wanted))
    yield* fs.makeDirectory(parent, { recursive: true })
    const path = join(yield* fs.realPath(parent), basename(resolve(wanted)))
    if (!(yield* isRoot)) return { path, account: undefined }

    const account = yield* unprivileged
    if (yield* canReach(account, dirname(path))) return { path, account: (yield* owner(path)) ?? account }
    const moved = yield* sharedPlace(account, path)
    return { path: moved, account: (yield* owner(moved)) ?? account }
  },
  Effect.catchTag("PlatformError", (cause) => unusable("The data directory cannot be made", cause))
)

/** Makes the directory if it is not there, and makes sure that this version of Postgres can use it. */
export const prepare = Effect.fn("DataDirectory.prepare")(
  function* (directory: DataDirectory, binary: Binary, durable: boolean) {
    const fs = yield* FileSystem.FileSystem
    yield* sweep(directory.path)
    const isEmpty = !(yield* fs.exists(directory.path)) || (yield* fs.readDirectory(directory.path)).length === 0
    if (isEmpty) yield* initialise(directory, binary, durable)
    yield* check(directory, binary)
  },
  Effect.catchTag("PlatformError", (cause) => unusable("The data directory cannot be used", cause))
)

/**
 * initdb works in a sibling that takes the real name only when it is complete, so a crash or an interruption leaves no
 * half-made data directory behind.
 */
const initialise = Effect.fnUntraced(function* (directory: DataDirectory, binary: Binary, durable: boolean) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.acquireUseRelease(
    fs.makeTempDirectory({
      directory: dirname(directory.path),
      prefix: `${siblingPrefix(directory.path)}${process.pid}-`
    }),
    Effect.fnUntraced(function* (sibling) {
      if (directory.account) yield* fs.chown(sibling, directory.account.uid, directory.account.gid)
      const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "-D", sibling]
      yield* run(binary.initdb, durable ? options : [...options, "--no-sync"], directory.account)
      // When another process was first, its directory stands.
      yield* fs
        .rename(sibling, directory.path)
        .pipe(
          Effect.catch((error) =>
            Effect.flatMap(fs.exists(versionFile(directory.path)), (exists) =>
              exists ? Effect.void : Effect.fail(error)
            )
          )
        )
    }),
    (sibling) => fs.remove(sibling, { recursive: true, force: true }).pipe(Effect.ignore)
  ).pipe(
    Effect.catchTag(
      "ProgramFailed",
      (cause) => new PostgresUnavailable({ reason: "initdb_failed", message: `initdb failed: ${cause.message}`, cause })
    )
  )
})

const check = Effect.fnUntraced(function* ({ path, account }: DataDirectory, { major, postgres }: Binary) {
  const fs = yield* FileSystem.FileSystem
  const { uid } = yield* fs.stat(path)
  if (!Option.contains(uid, account?.uid ?? process.getuid?.())) {
    return yield* unusable(`${path} belongs to another user. Run as that user, change its owner, or move it away`)
  }
  const version = yield* fs.readFileString(versionFile(path)).pipe(Effect.option)
  if (Option.isNone(version)) {
    return yield* unusable(`${path} is not a Postgres data directory. Move it away to start with an empty one`)
  }
  if (Number(version.value) !== major) {
    return yield* new PostgresUnavailable({
      reason: "wrong_version",
      message:
        `${path} was made by Postgres ${version.value.trim()}, but ${postgres} is version ${major}. Install Postgres` +
        ` ${version.value.trim()}, set DATABASE_URL, or move the directory away to start with an empty one.`
    })
  }
})

/** Removes what a killed initdb left. The name says whose it was; a living process may still be at work. */
const sweep = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const prefix = siblingPrefix(path)
  const siblings = (yield* fs.readDirectory(dirname(path))).filter((name) => name.startsWith(prefix))
  const left = yield* Effect.filter(siblings, (name) =>
    Effect.map(isAlive(Number.parseInt(name.slice(prefix.length), 10)), (alive) => !alive)
  )
  yield* Effect.forEach(left, (name) =>
    fs.remove(join(dirname(path), name), { recursive: true, force: true }).pipe(Effect.ignore)
  )
})

const owner = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* Effect.option(fs.stat(path))
  const uid = Option.flatMap(info, (present) => present.uid)
  return Option.isSome(uid) ? Option.getOrUndefined(yield* withId(uid.value)) : undefined
})

const siblingPrefix = (path: string): string => `${basename(path)}.new-`

const versionFile = (path: string): string => join(path, "PG_VERSION")

const unusable = (problem: string, cause?: unknown) =>
  new PostgresUnavailable({
    reason: "unusable_directory",
    message: `${problem}${Predicate.isError(cause) ? `: ${cause.message}` : ""}.`,
    ...(cause === undefined ? {} : { cause })
  })
