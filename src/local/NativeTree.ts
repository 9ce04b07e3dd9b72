import { basename, dirname, join, relative } from "node:path"
import { Effect, FileSystem, Option, Schema } from "effect"
import type { Account } from "./Account.ts"
import { sharedPlace } from "./SharedPlace.ts"

const Links = Schema.fromJsonString(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))

/**
 * Makes the library links that the package's install script would have made; package managers often do not run it.
 * Paths in `pg-symlinks.json` begin at the directory above `native`.
 */
export const healLinks = Effect.fnUntraced(function* (native: string) {
  const fs = yield* FileSystem.FileSystem
  const links = yield* fs
    .readFileString(join(native, "pg-symlinks.json"))
    .pipe(Effect.flatMap(Schema.decodeUnknownEffect(Links)))
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    const points = relative(dirname(target), source)
    const current = yield* Effect.option(fs.readLink(link))
    if (Option.contains(current, points)) continue
    if (Option.isSome(current)) yield* fs.remove(link)
    // Some package managers put a file where the link belongs, and another process may heal at the same time.
    yield* fs.symlink(points, link).pipe(
      Effect.catchIf(
        (error) => error.reason._tag === "AlreadyExists",
        () => Effect.void
      )
    )
  }
})

/** Copies the tree, once per version, to a place that the account can reach. */
export const relocate = Effect.fnUntraced(function* (native: string, account: Account) {
  const fs = yield* FileSystem.FileSystem
  const { size, mtime } = yield* fs.stat(join(native, "bin", "postgres"))
  const made = Option.match(mtime, { onNone: () => 0, onSome: (date) => date.getTime() })
  const home = yield* sharedPlace(account, `${native} ${size} ${made}`)
  const target = join(home, basename(native))
  if (yield* fs.exists(target)) return target

  yield* fs.makeDirectory(home, { recursive: true })
  yield* fs.chmod(home, 0o755)
  yield* Effect.acquireUseRelease(
    fs.makeTempDirectory({ directory: home, prefix: "copying-" }),
    (temporary) =>
      fs.copy(native, join(temporary, basename(native))).pipe(
        Effect.andThen(healLinks(join(temporary, basename(native)))),
        // Another process may have finished the same copy first.
        Effect.andThen(fs.rename(join(temporary, basename(native)), target).pipe(Effect.ignore))
      ),
    (temporary) => fs.remove(temporary, { recursive: true, force: true }).pipe(Effect.ignore)
  )
  return target
})
