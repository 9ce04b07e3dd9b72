import type { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Metric, Option, Semaphore } from "effect"
import { SqlError } from "effect/sql"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { poolInUse, poolSize, poolWait, poolWaiting } from "../telemetry/Metrics.ts"
import { isRefusal } from "./Outage.ts"

/** Runs statements on one pool, once a connection is free. A `SqlError` that is left is the statement's own. */
export interface Statements {
  <A, E, R>(run: (sql: PgClient.PgClient) => Effect.Effect<A, E, R>): Effect.Effect<A, E | DatabaseUnavailable, R>
}

const unavailable = <E>(error: E): E | DatabaseUnavailable => {
  if (!SqlError.isSqlError(error)) return error
  if (isRefusal(error)) return error
  switch (error.reason._tag) {
    case "StatementTimeoutError":
      return new DatabaseUnavailable({ reason: "canceled" })
    case "LockTimeoutError":
    case "DeadlockError":
      return new DatabaseUnavailable({ reason: "lock" })
    default:
      return new DatabaseUnavailable({ reason: "connection" })
  }
}

/** The driver has neither a checkout timeout nor statistics, so a semaphore of ours stands in front of each pool. */
export const gate = Effect.fnUntraced(function* (
  pool: string,
  client: () => PgClient.PgClient,
  limits: {
    readonly permits: number
    readonly checkoutTimeout: Duration.Input
    readonly silence: Duration.Duration
  }
) {
  const { checkoutTimeout, permits, silence } = limits
  const semaphore = yield* Semaphore.make(permits)
  const state = { inUse: 0, waiting: 0 }
  yield* gauge(Metric.withAttributes(poolSize, { pool }), () => permits)
  yield* gauge(Metric.withAttributes(poolInUse, { pool }), () => state.inUse)
  yield* gauge(Metric.withAttributes(poolWaiting, { pool }), () => state.waiting)
  const waited = Metric.withAttributes(poolWait, { pool })

  const counted = <A, E, R>(statement: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      state.inUse++
      return Effect.ensuring(
        statement,
        Effect.sync(() => state.inUse--)
      )
    })

  // The permit belongs to the scope, so it is given back even when it is granted at the moment the wait times out.
  const afterWaiting = <A, E, R>(statement: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      state.waiting++
      return Semaphore.takeScoped(semaphore, 1).pipe(
        Effect.timeoutOrElse({
          duration: checkoutTimeout,
          orElse: () => Effect.fail(new DatabaseUnavailable({ reason: "checkout" }))
        }),
        Effect.ensuring(Effect.sync(() => state.waiting--)),
        Effect.timed,
        Effect.tap(([wait]) => Metric.update(waited, Duration.toSeconds(wait))),
        Effect.andThen(statement),
        Effect.scoped
      )
    })

  const statements: Statements = (run) => {
    const statement = counted(run(client())).pipe(
      Effect.mapError(unavailable),
      Effect.timeoutOrElse({
        duration: silence,
        orElse: () => Effect.fail(new DatabaseUnavailable({ reason: "timeout" }))
      })
    )
    return Effect.flatMap(
      Semaphore.withPermitsIfAvailable(semaphore, 1)(statement),
      Option.match({ onNone: () => afterWaiting(statement), onSome: Effect.succeed })
    )
  }
  return statements
})
