import type { PgClient } from "@effect/sql-pg"
import { Clock, Duration, Effect, Metric, Schema } from "effect"
import { SqlError } from "effect/sql"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { replicaFallbacks } from "../telemetry/Metrics.ts"
import type { Statements } from "./Gate.ts"
import { isRefusal, isWrite } from "./Outage.ts"
import type { ReplicaWatch } from "./ReplicaWatch.ts"

/** What the replica has not carried out, and the primary may. */
class NotThere extends Schema.TaggedError<NotThere>()("NotThere", {
  reason: Schema.Literals(["conflict", "failed", "refused"])
}) {}

/**
 * Runs statements that only read on the replica while it is fit for that, and else on the primary. What failed there is
 * repeated once on the primary, unless it took longer than it may: then it would take as long again.
 */
export const withReplica = Effect.fnUntraced(function* (
  { suspect, unfit }: ReplicaWatch,
  replica: Statements,
  primary: Statements,
  limit: Duration.Duration
) {
  const clock = yield* Clock.Clock
  const limit_ns = BigInt(Duration.toMillis(limit)) * 1_000_000n

  const attempt =
    <A, E, R>(run: (sql: PgClient.PgClient) => Effect.Effect<A, E, R>) =>
    (sql: PgClient.PgClient) =>
      Effect.suspend(() => {
        const begun = clock.monotonicTimeNanosUnsafe()
        return Effect.catch(run(sql), (error): Effect.Effect<never, E | DatabaseUnavailable | NotThere> => {
          if (!SqlError.isSqlError(error)) return Effect.fail(error)
          // On the primary it would be carried out.
          if (isWrite(error)) return Effect.die(error)
          return clock.monotonicTimeNanosUnsafe() - begun >= limit_ns && error.reason._tag === "StatementTimeoutError"
            ? Effect.fail(new DatabaseUnavailable({ reason: "canceled" }))
            : Effect.fail(
                new NotThere({ reason: isConflict(error) ? "conflict" : isRefusal(error) ? "refused" : "failed" })
              )
        })
      })

  const instead = <A, E, R>(reason: string, run: (sql: PgClient.PgClient) => Effect.Effect<A, E, R>) =>
    Effect.andThen(Metric.update(replicaFallbacks({ reason }), 1), primary(run))

  const lagging = <A, E, R>(run: (sql: PgClient.PgClient) => Effect.Effect<A, E, R>) =>
    Effect.suspend((): Effect.Effect<A, E | DatabaseUnavailable, R> => {
      const reason = unfit()
      if (reason !== undefined) return instead(reason, run)
      return Effect.catch(replica(attempt(run)), (error): Effect.Effect<A, E | DatabaseUnavailable, R> => {
        if (error instanceof NotThere) {
          if (error.reason === "failed") suspect()
          return instead(error.reason, run)
        }
        if (error instanceof DatabaseUnavailable && error.reason === "timeout") {
          suspect()
          return instead("failed", run)
        }
        const gone = unfit()
        // A full replica does not fill the primary; what waited for one that has gone did not ask for too much.
        return error instanceof DatabaseUnavailable && error.reason === "checkout" && gone !== undefined
          ? instead(gone, run)
          : Effect.fail(error)
      })
    })
  return lagging satisfies Statements
})

/** What the log brings may take away what a statement reads, or the lock that it waits for. */
const isConflict = ({ reason: { _tag } }: SqlError.SqlError): boolean =>
  _tag === "SerializationError" ||
  _tag === "StatementTimeoutError" ||
  _tag === "LockTimeoutError" ||
  _tag === "DeadlockError"
