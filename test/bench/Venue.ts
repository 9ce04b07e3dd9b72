import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import { type Child, startChild } from "./Child.ts"
import { type CounterReader, openCounters } from "./Counters.ts"
import { startPostgres } from "./Server.ts"
import { startTraceSink, type TraceSink } from "./TraceSink.ts"
import { openWorkspace } from "./Workspace.ts"

/** What is there from the beginning of the benchmark to its end. */
export interface Venue {
  readonly directory: string
  readonly createDatabase: Effect.Success<ReturnType<typeof startPostgres>>["createDatabase"]
  readonly counters: CounterReader
  readonly load: Child
  readonly traces: TraceSink
  /** File with the certificate authority of the simulator. */
  readonly authority: string
  readonly say: (line: string) => void
}

/** `say` hears of progress. */
export const openVenue = Effect.fnUntraced(function* (home: string, say: (line: string) => void) {
  const directory = yield* openWorkspace(home)
  say("Starting Postgres and the load generator")
  const { maintenance, createDatabase } = yield* startPostgres(directory)
  const counters = yield* Effect.acquireRelease(
    Effect.promise(() => openCounters(maintenance)),
    ({ close }) => Effect.promise(close)
  )
  const load = yield* startChild({ name: "load", module: "./load/Load.ts", env: { NODE_ENV: "production" }, directory })
  const authority = join(directory, "authority.pem")
  yield* Effect.promise(() => writeFile(authority, TestCertificates.authority))
  const traces = yield* startTraceSink
  const venue: Venue = { directory, createDatabase, counters, load, traces, authority, say }
  return venue
})
