import { renameSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { Effect, Scope } from "effect"
import { eventually, open, postmasterPid } from "../local/Workplace.ts"

/** A server that can be torn down in the middle of everything and comes back at the same place. */
export const startPostgres = Effect.fnUntraced(function* (directory: string) {
  // Each start has another directory for its socket, so clients are given a link.
  const host = join(directory, "socket")
  const scope = yield* Effect.scope
  const start = Effect.gen(function* () {
    const server = yield* open({ dataDirectory: join(directory, "data"), durable: true })
    symlinkSync(server.server.host, `${host}.next`)
    renameSync(`${host}.next`, host)
    return server
  }).pipe(Effect.provideService(Scope.Scope, scope))
  const first = yield* start
  const { port, username } = yield* first.createDatabase("payments")
  let { dataDirectory } = first
  const restart = Effect.gen(function* () {
    const pid = postmasterPid(dataDirectory)
    // What a crash of the server is to its clients: nothing is said, nothing is written.
    process.kill(pid, "SIGQUIT")
    yield* eventually(() => !isRunning(pid))
    dataDirectory = (yield* start).dataDirectory
  })
  return { url: `postgres://${username}@localhost:${port}/payments?host=${encodeURIComponent(host)}`, restart }
})

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
