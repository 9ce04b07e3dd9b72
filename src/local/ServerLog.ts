import { closeSync, openSync } from "node:fs"
import { Effect, FileSystem } from "effect"

/** What one start of the server writes: the log file from `begin` on. */
export interface ServerLog {
  readonly path: string
  readonly begin: number
}

/** The log lies beside the data directory and is kept from start to start, up to a mebibyte. */
export const beginLog = Effect.fnUntraced(function* (dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = `${dataDirectory}.log`
  const size = yield* fs.stat(path).pipe(
    Effect.map((info) => Number(info.size)),
    Effect.orElseSucceed(() => 0)
  )
  if (size <= 1_048_576) return { path, begin: size }
  yield* fs.truncate(path)
  return { path, begin: 0 }
})

/** A descriptor for a child process, which goes on writing after ours is closed. */
export const descriptor = (log: ServerLog) =>
  Effect.acquireRelease(
    Effect.try(() => openSync(log.path, "a")),
    (fd) => Effect.sync(() => closeSync(fd))
  )

export const readLog = Effect.fnUntraced(function* ({ path, begin }: ServerLog) {
  const fs = yield* FileSystem.FileSystem
  const content = yield* fs.readFile(path).pipe(Effect.orElseSucceed(() => new Uint8Array()))
  return Buffer.from(content.subarray(begin)).toString("utf8").trim().slice(-4_000)
})
