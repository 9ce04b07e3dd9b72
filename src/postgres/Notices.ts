import { PgConnection } from "@effect/sql-pg"
import { Clock, Duration, Effect, Exit, Metric, Queue, Schedule, Scope } from "effect"
import { SqlError } from "effect/sql"
import { gauge } from "../telemetry/Gauge.ts"
import { databaseListening, databaseNotices } from "../telemetry/Metrics.ts"
import { problemOf } from "./Outage.ts"

export interface Listening {
  /** Whether everything up to a moment ago has been heard. What is not heard may have changed. */
  readonly isCurrent: () => boolean
}

/** How often Postgres is asked whether it is still there. */
const heartbeat = Duration.seconds(2)

/** A heartbeat that takes longer has failed. */
const patience = Duration.seconds(2)

/** From the last heartbeat on. A connection can be dead without a word, and then nothing else tells. */
const trust_ms = Duration.toMillis(Duration.sum(heartbeat, Duration.sum(patience, Duration.seconds(1))))

const again = Schedule.spaced("500 millis").pipe(Schedule.jittered)

/**
 * Listens on a channel with a connection of its own, which is made anew when it breaks, for as long as the scope lasts.
 * `onNotice` runs at each notice, and each time that listening has begun: nobody tells again what was told before.
 */
export const listenOn = Effect.fnUntraced(function* (
  connection: PgConnection.Config,
  channel: string,
  onNotice: Effect.Effect<void>
): Effect.fn.Return<Listening, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  const notices = databaseNotices({ channel })
  let currentUntil = Number.NEGATIVE_INFINITY
  const isCurrent = () => now_ms() < currentUntil
  yield* gauge(Metric.withAttributes(databaseListening, { channel }), () => Number(isCurrent()))

  const session = Effect.gen(function* () {
    const own = yield* Effect.acquireRelease(Scope.make(), closed)
    const { pin } = yield* Scope.provide(PgConnection.make(connection), own)
    const pinned = yield* pin
    const queue = yield* Effect.timeoutOrElse(pinned.listen(channel), silence)
    // The connection ends before its listener, which would say goodbye to a Postgres that may not answer any more.
    yield* Effect.addFinalizer(() => closed(own))
    yield* onNotice
    const beat = Effect.suspend(() => {
      // It was there when it was asked, at least.
      const asked = now_ms()
      return Effect.map(pinned.query("SELECT 1"), () => {
        currentUntil = asked + trust_ms
      })
    }).pipe(Effect.timeoutOrElse(silence))
    const beats = Effect.andThen(Effect.andThen(beat, told(true)), Effect.repeat(beat, Schedule.spaced(heartbeat)))
    const heard = Effect.andThen(Metric.update(notices, 1), onNotice)
    const hearing = Effect.forever(Effect.andThen(Queue.takeAll(queue), heard))
    return yield* Effect.raceFirst(hearing, beats)
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        currentUntil = Number.NEGATIVE_INFINITY
      })
    ),
    Effect.scoped
  )

  // Once each way: it is tried twice a second.
  let isTold = true
  const told = (isThere: boolean, problem?: string) =>
    Effect.suspend(() => {
      if (isTold === isThere) return Effect.void
      isTold = isThere
      return isThere
        ? Effect.logInfo("Notices of Postgres arrive again")
        : Effect.annotateLogs(Effect.logWarning("Notices of Postgres do not arrive"), { problem })
    }).pipe(Effect.annotateLogs({ channel }))

  yield* session.pipe(
    Effect.catch((error) => told(false, problemOf(error))),
    Effect.repeat(again),
    Effect.forkScoped
  )
  return { isCurrent }
})

const closed = (scope: Scope.Closeable) => Scope.close(scope, Exit.void)

const silent = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({
    cause: new Error("No heartbeat"),
    message: "Postgres does not answer on the connection that listens",
    operation: "listen"
  })
})

const silence = { duration: patience, orElse: () => Effect.fail(silent) }
