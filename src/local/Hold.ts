import { PgConnection } from "@effect/sql-pg"
import { Effect, Option, Schedule } from "effect"
import type { SqlError } from "effect/sql"
import { findPostmaster, isReady, maintenance, type Postmaster, stop } from "./Postmaster.ts"

/**
 * Marks us as a holder of the server until the scope closes: a session with a shared lock, which the system takes back
 * when we are killed. Waits while somebody who found himself to be the last decides whether to stop the server.
 */
export const hold = Effect.fn("Postmaster.hold")(function* (postmaster: Postmaster) {
  const session = yield* openSession(postmaster)
  // Before the lock: an interruption may find it granted already. Closing the session frees it only some time later.
  yield* Effect.addFinalizer(() =>
    session.query(`SELECT pg_advisory_unlock_shared(${holders})`).pipe(Effect.timeoutOption("2 seconds"), Effect.ignore)
  )
  yield* session.query(`SELECT pg_advisory_lock_shared(${holders})`)
})

/** Stops the server of the data directory, if there is one, unless another process holds it or is connected to it. */
export const leave = Effect.fn("Postmaster.leave")(function* (dataDirectory: string) {
  const running = yield* findPostmaster(dataDirectory)
  if (Option.isNone(running)) return
  // Asked once after each refusal: one that was not ready yet serves nobody, one that is may only just have become so.
  const refused = (error: SqlError.SqlError) =>
    Effect.flatMap(isReady(dataDirectory), (ready) => (ready ? Effect.fail(error) : stop(running.value, "SIGINT")))
  yield* stopIfUnused(running.value).pipe(
    Effect.catchTag("SqlError", refused),
    Effect.retry(refusedPoll),
    // Ready, and refusing us again and again: it is busy with others.
    Effect.catchTag("SqlError", () => Effect.void)
  )
})

const stopIfUnused = Effect.fnUntraced(function* (postmaster: Postmaster) {
  const session = yield* openSession(postmaster)
  const alone = yield* session.query(`SELECT pg_try_advisory_lock(${holders}) AS yes`)
  if (alone.rows[0]?.yes !== true) return

  // The sessions of our own pool may take a moment to end.
  const { rows } = yield* session
    .query(usage)
    .pipe(Effect.repeat({ until: (found) => found.rows[0]?.usage !== "connected", schedule: quietPoll }))
  if (rows[0]?.usage === "none") return yield* stop(postmaster, "SIGINT")
  yield* Effect.logInfo("Postgres keeps running, because somebody else is connected to it")
}, Effect.scoped)

const openSession = (postmaster: Postmaster) =>
  PgConnection.make({ ...maintenance(postmaster), applicationName: "payment-service holder" })

/** Advisory locks are per database; nothing else uses them in the maintenance database. */
const holders = 704_712

/** A holder that waits for the lock which we have came to stay; other sessions may be about to end. */
const usage = `SELECT CASE
  WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${holders} AND NOT granted) THEN 'wanted'
  WHEN EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())
    THEN 'connected'
  ELSE 'none' END AS usage`

const refusedPoll = Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 5 }))

const quietPoll = Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "1 second" }))
