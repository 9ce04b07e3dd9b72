import { dirname } from "node:path"
import { Effect, FileSystem, Option } from "effect"
import { PostgresUnavailable } from "./PostgresUnavailable.ts"

/** A user of this machine, with its primary group. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

export const isRoot: Effect.Effect<boolean> = Effect.sync(() => process.getuid?.() === 0)

/**
 * The user that Postgres, which refuses to run as root, runs as instead. It must be in the passwd file: Postgres looks
 * itself up there.
 */
export const unprivileged = Effect.gen(function* () {
  const accounts = yield* readAccounts
  const found = ["postgres", "_postgres", "nobody"].flatMap((name) => accounts.get(name) ?? [])[0]
  return found ?? (yield* noAccount("Postgres refuses to run as root, and there is no user postgres or nobody."))
})

/** The user with this id, if it is one that Postgres can run as. */
export const withId = (uid: number) =>
  Effect.map(readAccounts, (accounts) =>
    Option.fromNullishOr([...accounts.values()].find((account) => account.uid === uid && uid !== 0))
  )

/** Whether the user may pass through every directory down to this path. Looks at mode bits only. */
export const canReach: (account: Account, path: string) => Effect.Effect<boolean, never, FileSystem.FileSystem> =
  Effect.fnUntraced(function* (account, path) {
    const fs = yield* FileSystem.FileSystem
    const info = yield* Effect.option(fs.stat(path))
    if (Option.isNone(info)) return false
    const { mode, uid, gid } = info.value
    const searchBit = Option.contains(uid, account.uid) ? 0o100 : Option.contains(gid, account.gid) ? 0o010 : 0o001
    const parent = dirname(path)
    return (mode & searchBit) !== 0 && (parent === path || (yield* canReach(account, parent)))
  })

const readAccounts = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const passwd = yield* fs.readFileString("/etc/passwd").pipe(Effect.orElseSucceed(() => ""))
  return new Map(
    passwd.split("\n").flatMap((line): ReadonlyArray<readonly [string, Account]> => {
      const [name, , uid, gid] = line.split(":")
      return name && /^\d+$/.test(uid ?? "") ? [[name, { uid: Number(uid), gid: Number(gid) }]] : []
    })
  )
})

const noAccount = (problem: string) =>
  new PostgresUnavailable({
    reason: "no_account",
    message: `${problem} Add one of them, run as another user, or set DATABASE_URL to a running Postgres.`
  })
