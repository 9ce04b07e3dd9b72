import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, FileSystem, Option, Schedule } from "effect"
import { canReach } from "./Account.ts"
import type { Binary } from "./Binary.ts"
import type { DataDirectory } from "./DataDirectory.ts"
import { clearRemains, findPostmaster, removeSocketDirectory, socketPrefix } from "./Postmaster.ts"
import { hasExited, launch } from "./Program.ts"
import { descriptor, type ServerLog } from "./ServerLog.ts"

/**
 * Starts a server and returns when its pid file names it, or when it has already ended; not yet when it accepts
 * connections. Cannot be interrupted, which is short: without the pid file nobody could find the process again.
 */
export const startPostmaster = Effect.fn("Postmaster.start")(
  function* (directory: DataDirectory, binary: Binary, settings: Readonly<Record<string, string>>, log: ServerLog) {
    yield* clearRemains(directory.path)
    const socketDirectory = yield* makeSocketDirectory(directory)
    const output = yield* descriptor(log)
    const all = { ...settings, unix_socket_directories: socketDirectory, unix_socket_permissions: "0700" }
    const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const args = ["-D", directory.path, "-p", "5432", ...options]
    const child = yield* launch(binary.postgres, args, directory.account, ["ignore", output, output])
    child.unref()

    const isFound = Effect.map(
      findPostmaster(directory.path),
      Option.exists(({ pid }) => pid === child.pid)
    )
    yield* isFound.pipe(Effect.repeat({ until: (found) => found || hasExited(child), schedule: startPoll }))
    if (hasExited(child)) yield* removeSocketDirectory(socketDirectory)
  },
  Effect.scoped,
  Effect.uninterruptible
)

const startPoll = Schedule.spaced("5 millis")

/** The path of a Unix socket may have about 104 bytes, so it cannot lie in the project; others may not enter it. */
const makeSocketDirectory = Effect.fnUntraced(function* ({ account }: DataDirectory) {
  const fs = yield* FileSystem.FileSystem
  const isShort = Buffer.byteLength(join(tmpdir(), `${socketPrefix}123456`, ".s.PGSQL.5432.lock")) < 100
  const isOpen = account === undefined || (yield* canReach(account, tmpdir()))
  const made = yield* fs.makeTempDirectory({ directory: isShort && isOpen ? tmpdir() : "/tmp", prefix: socketPrefix })
  if (account) yield* fs.chown(made, account.uid, account.gid)
  return made
})
