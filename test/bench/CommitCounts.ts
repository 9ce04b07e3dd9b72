import { Effect } from "effect"
import type { Act } from "./Act.ts"
import type { ContenderName } from "./Contenders.ts"
import { commitLag } from "./Counters.ts"
import type { RunResult } from "./Run.ts"

export interface CommitCounts {
  readonly forEachSale: Readonly<Partial<Record<ContenderName, number>>>
  /** Bytes of write-ahead log meanwhile, of the whole server: as the server counts them, and by the position in it. */
  readonly wal: { readonly counted: number; readonly position: number }
}

/** Counts the commits of these runs, which must all be sales. They are known only some time after. */
export const countCommits = Effect.fnUntraced(function* <E, R>(
  { contenders, venue }: Act,
  play: Effect.Effect<ReadonlyArray<RunResult>, E, R>
) {
  const read = Effect.promise(async () => {
    const counts = new Map<ContenderName, number>()
    for (const { name, database } of contenders) counts.set(name, await venue.counters.commits(database.database))
    return { counts, wal: await venue.counters.wal() }
  })
  const before = yield* read
  const runs = yield* play
  venue.say("Waiting for Postgres to report its commits")
  yield* Effect.sleep(commitLag)
  const after = yield* read

  const forEachSale = (name: ContenderName) => {
    const sales = runs.reduce((sum, { contender, load }) => sum + (contender === name ? load.answers.count : 0), 0)
    return ((after.counts.get(name) ?? 0) - (before.counts.get(name) ?? 0)) / sales
  }
  const commits: CommitCounts = {
    forEachSale: Object.fromEntries(contenders.map(({ name }) => [name, forEachSale(name)])),
    wal: {
      counted: after.wal.counted - before.wal.counted,
      position: after.wal.position - before.wal.position
    }
  }
  return { runs, commits }
})
