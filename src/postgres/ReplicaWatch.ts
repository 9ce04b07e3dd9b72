import { PgConnection } from "@effect/sql-pg"
import { Clock, Duration, Effect, Schedule, Schema, type Scope } from "effect"
import { SqlError } from "effect/sql"
import { mostLag } from "../domain/Lag.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { replicaLag } from "../telemetry/Metrics.ts"
import { makeFreshness } from "./Freshness.ts"
import { problemOf } from "./Outage.ts"
import { isReplicaOf, Standing, standingStatement } from "./Standing.ts"

/** Why the replica is not used: it does not answer, it is none of this database, or it is too far behind. */
type Unfit = "unreachable" | "foreign" | "lag"

export interface ReplicaWatch {
  readonly unfit: () => Unfit | undefined
  /** It has failed somebody: it is not used until it has been looked at again. */
  readonly suspect: () => void
}

const looks = Schedule.spaced("1 second")

/** A name that leads elsewhere by now is noticed by a new session only. */
const sessionLooks = 60

/** An answer that takes longer is none. */
const patience = Duration.seconds(1)

/** What the primary has flushed arrives at an idle replica in much less. */
const flight = Duration.millis(50)

const mostLag_ms = Duration.toMillis(mostLag)

/**
 * Looks at the primary and then at the replica once a second, on connections of its own that no load keeps busy. When
 * the replica is found again, its pool is one to `renew` first: it may hold what has gone silent or leads elsewhere.
 */
export const watchReplica = Effect.fnUntraced(function* (
  primary: PgConnection.Config,
  replica: PgConnection.Config,
  renew: Effect.Effect<void, SqlError.SqlError>
): Effect.fn.Return<ReplicaWatch, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  const freshness = makeFreshness(now_ms())
  let found: Unfit | undefined = "unreachable"
  const unfit = () => found ?? (now_ms() - freshness.current_ms() > mostLag_ms ? "lag" : undefined)
  const isCurrent = () => found === undefined && freshness.isCurrent()
  yield* gauge(replicaLag, () => (isCurrent() ? 0 : freshness.age_ms(now_ms()) / 1_000))

  let told: Unfit | "used" | undefined
  const tell = (problem?: string) =>
    Effect.suspend(() => {
      const reason = unfit()
      if (told === (reason ?? "used")) return Effect.void
      told = reason ?? "used"
      return reason === undefined
        ? Effect.logInfo("The replica is used")
        : Effect.annotateLogs(Effect.logWarning("The replica is not used"), { reason, ...(problem && { problem }) })
    })

  const session = Effect.gen(function* () {
    const ends = [open(primary), open(replica)] as const
    const [own, its] = yield* Effect.all(ends, { concurrency: "unbounded" })
    const look = Effect.gen(function* () {
      const at_ms = now_ms()
      const first = yield* own
      yield* Effect.sleep(flight)
      const second = yield* its
      const isOurs = isReplicaOf(second, first)
      if (isOurs && found !== undefined) yield* renew
      if (isOurs) freshness.seen({ at_ms, position: first.position }, second.position)
      found = isOurs ? undefined : "foreign"
      yield* tell()
    })
    return yield* Effect.repeat(look, Schedule.upTo(looks, { times: sessionLooks }))
  }).pipe(Effect.scoped)

  yield* session.pipe(
    Effect.catch((error) =>
      Effect.suspend(() => {
        found = "unreachable"
        return tell(problemOf(error))
      })
    ),
    Effect.repeat(looks),
    Effect.forkScoped
  )
  return {
    unfit,
    suspect: () => {
      found = "unreachable"
    }
  }
})

/** A session, and the question that is asked on it. */
const open = (connection: PgConnection.Config) =>
  Effect.map(PgConnection.make(connection), ({ query }) =>
    query(standingStatement).pipe(
      // The statement and its schema stand side by side: what does not fit is a bug.
      Effect.flatMap(({ rows }) => Effect.orDie(decode(rows[0]))),
      Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(silent) })
    )
  )

const decode = Schema.decodeUnknownEffect(Standing)

const silent = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({
    cause: new Error("No answer within a second"),
    message: "Postgres does not answer",
    operation: "query"
  })
})
