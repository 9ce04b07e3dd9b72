import { Duration, Effect, Option, Schema } from "effect"
import { SqlError } from "effect/sql"
import { placeOf } from "../../Backing.ts"
import { mostLag } from "../../domain/Lag.ts"
import { problemOf } from "../../postgres/Outage.ts"
import { isReplicaOf, Standing, standingStatement } from "../../postgres/Standing.ts"
import type { Settings } from "../../Settings.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"
import { openSession, type Place, type Session } from "./Session.ts"
import { within } from "./Within.ts"

const check = "replica"

/** `age`: seconds since the commit of what it has carried out last. */
const Progress = Schema.Struct({ age: Schema.NullOr(Schema.Finite), is_following: Schema.Boolean })
type Progress = typeof Progress.Type

const progressStatement = `SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 AS age,
  EXISTS (SELECT FROM pg_stat_wal_receiver) AS is_following`

const limit = Duration.seconds(6)
/** What the primary has now is there by then, if it is followed. */
const flight = Duration.millis(200)

/** The replica, if one is named that can be read, beside its primary. */
export const checkReplica = ({ DATABASE_REPLICA_URL }: Settings, primary: Session) =>
  Option.match(DATABASE_REPLICA_URL, {
    onNone: () => Effect.succeed([]),
    onSome: (url) => {
      const place: Place = { name: placeOf(url), connection: { url } }
      const silent = `did not answer within ${Duration.format(limit)}`
      return within(compare(primary, place), limit, () => Effect.succeed([unused(place, silent)])).pipe(
        Effect.catch((error) => {
          const problem = error instanceof SqlError.SqlError ? problemOf(error) : error.message
          return Effect.succeed([unused(place, `cannot be used: ${problem.replace(/\.$/, "")}`)])
        })
      )
    }
  })

const unused = ({ name }: Place, problem: string): Finding =>
  warning(check, `${name} ${problem}.`, "Check DATABASE_REPLICA_URL; until then lists are read from the primary.")

const compare = Effect.fnUntraced(function* (primary: Session, place: Place) {
  const replica = yield* openSession(place)
  const own = yield* primary.ask(Standing, standingStatement)
  yield* Effect.sleep(flight)
  const its = yield* replica.ask(Standing, standingStatement)
  const progress = yield* replica.ask(Progress, progressStatement)
  return own.flatMap((one) =>
    its.flatMap((other) => progress.map((each) => judgeReplica(one, other, each, place.name)))
  )
})

/** The service runs without it, so nothing fails but what cannot be meant. */
export const judgeReplica = (own: Standing, its: Standing, progress: Progress, place: string): Finding => {
  const seconds = Duration.toSeconds(mostLag)
  if (!isReplicaOf(its, own)) {
    return failed(
      check,
      `The Postgres at ${place} is no replica of this database.`,
      "Let DATABASE_REPLICA_URL lead to a standby of it, and there to the database of the same name."
    )
  }
  if (!its.is_standby) return ok(check, `${place} is the primary itself.`)
  if (!progress.is_following) {
    return warning(check, `${place} is a standby and follows nobody.`, "See primary_conninfo and the log there.")
  }
  if (its.position >= own.position) return ok(check, `${place} follows the primary, and has all that it has.`)
  const age = progress.age === null ? "" : ` by ${Math.round(progress.age)} seconds`
  return (progress.age ?? Number.POSITIVE_INFINITY) <= seconds
    ? ok(check, `${place} follows the primary, and is behind${age}.`)
    : warning(
        check,
        `${place} is behind${age}; with more than ${seconds} it is not used.`,
        "See what holds up its replay: a pause, a long query there, or a slow disk."
      )
}
