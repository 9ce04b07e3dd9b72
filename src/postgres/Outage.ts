import { Duration, Effect, Predicate, Schedule } from "effect"
import { SqlError } from "effect/sql"

/**
 * Whether Postgres could not serve at all, rather than refusing the statement. Waiting may help; whether a statement
 * that was on its way has been committed is not known.
 */
export const isOutage = ({ reason }: SqlError.SqlError): boolean =>
  reason._tag === "ConnectionError" || (reason._tag === "UnknownError" && unavailable.test(stateOf(reason.cause)))

/**
 * PostgreSQL, appendix A: 53 out of a resource, 57P ended or not yet begun by an operator, 58 failed by its machine,
 * 25006 a standby, 25P03 and 25P04 ended for a transaction that took too long. A list, because at the start what is not
 * on it may be a wrong setting, and waiting would hide it.
 */
const unavailable = /^(?:53|57P|58|25006|25P0[34])/

/** PostgreSQL, appendix A: bad data, a broken constraint, bad SQL, or no state at all: a bug of ours. */
const ours = /^(?:$|22|23|42)/

/** Whether the statement itself was refused. A running service takes anything else for a passing state of Postgres. */
export const isRefusal = ({ reason }: SqlError.SqlError): boolean => {
  switch (reason._tag) {
    case "UniqueViolation":
    case "ConstraintError":
    case "SqlSyntaxError":
      return true
    case "UnknownError":
      return ours.test(stateOf(reason.cause))
    default:
      return false
  }
}

/** Whether it would change something where nothing may be changed. */
export const isWrite = ({ reason }: SqlError.SqlError): boolean => stateOf(reason.cause) === "25006"

const stateOf = (cause: unknown) => (Predicate.hasProperty(cause, "code") ? String(cause.code) : "")

const startLimit = Duration.seconds(60)

const startPoll = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.upTo({ duration: startLimit })
)

/** Repeats the first contact with Postgres while it is not there yet, for up to a minute, and logs that it waits. */
export const whenUp = <A, R>(contact: Effect.Effect<A, SqlError.SqlError, R>): Effect.Effect<A, SqlError.SqlError, R> =>
  contact.pipe(
    Effect.tapError((error) =>
      isOutage(error)
        ? Effect.logWarning("Waiting for Postgres").pipe(Effect.annotateLogs({ problem: problemOf(error) }))
        : Effect.void
    ),
    Effect.retry({ schedule: startPoll, while: isOutage }),
    Effect.mapError((error) => (isOutage(error) ? gaveUp(error) : error))
  )

const gaveUp = (cause: SqlError.SqlError) => {
  const message = `Postgres did not answer for ${Duration.toSeconds(startLimit)} seconds: ${problemOf(cause)}`
  return new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause: new Error(message, { cause }), message, operation: "connect" })
  })
}

/** In Postgres's own words, where it said something. */
export const problemOf = ({ message, reason: { cause } }: SqlError.SqlError) =>
  Predicate.isError(cause) && cause.message !== "" ? cause.message : message
