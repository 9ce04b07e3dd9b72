import { Duration, Effect, Option } from "effect"
import { SqlError } from "effect/sql"
import { problemOf } from "../../postgres/Outage.ts"
import type { Settings } from "../../Settings.ts"
import { compareClocks, judgeClock } from "./DatabaseClock.ts"
import { type Finding, failed, ok } from "./Finding.ts"
import type { NoAddress } from "./HostName.ts"
import type { Keys } from "./Keys.ts"
import { judgeMigrations, readDifferences } from "./MigrationsApplied.ts"
import { judgePermissions, PermissionFacts, permissionsStatement } from "./Permissions.ts"
import { checkReplica } from "./Replica.ts"
import { checkSealedRows } from "./SealedRows.ts"
import { judgeConnections, judgeDurability, judgeServer, ServerFacts, serverStatement } from "./Server.ts"
import { findPlace, openSession, type Place, type Session } from "./Session.ts"
import { judgeSizes, SizeFacts, sizesStatement } from "./Sizes.ts"
import { within } from "./Within.ts"

const connectLimit = Duration.seconds(4)

/** All questions are asked at once, and each has this long. */
const answerLimit = Duration.seconds(3)

interface Asked {
  readonly settings: Settings
  readonly problems: ReadonlyArray<string>
  readonly keys: Option.Option<Keys>
  readonly processes: number
}

/** Everything about the database. Where it cannot be reached, that is all that is told. */
export const checkDatabase = Effect.fnUntraced(function* (asked: Asked) {
  // The configuration says so already.
  if (asked.problems.some((problem) => problem.startsWith("DATABASE_URL:"))) return []
  const place = Option.flatten(yield* Effect.option(findPlace(asked.settings)))
  return yield* Option.match(place, {
    onNone: () =>
      Effect.succeed([
        ok("database", "DATABASE_URL is not set, so the service starts a Postgres of its own; that does not run now.")
      ]),
    onSome: (found) => checkPlace(asked, found)
  })
}, Effect.scoped)

const checkPlace = (asked: Asked, place: Place) =>
  within(openSession(place), connectLimit, () => Effect.succeed(undefined)).pipe(
    Effect.flatMap((session) =>
      session === undefined
        ? Effect.succeed([
            failed(
              "database",
              `${place.name} did not answer within ${Duration.format(connectLimit)}.`,
              "Check DATABASE_URL, and that the network lets this machine in there."
            )
          ])
        : checkSession(asked, session)
    ),
    Effect.catch((error) => Effect.succeed([unreachable(place, error)]))
  )

const checkSession = (asked: Asked, session: Session) =>
  Effect.map(
    Effect.all(
      [
        answered("clock", Effect.map(compareClocks(session), judgeClock)),
        answered("database", checkServer(asked, session)),
        answered("permissions", checkPermissions(session)),
        answered("migrations", checkSchema(asked, session)),
        answered("sizes", Effect.map(session.ask(SizeFacts, sizesStatement), judgeSizes)),
        checkReplica(asked.settings, session)
      ],
      { concurrency: "unbounded" }
    ),
    ([clock, ...others]) => [...others.flat(), ...clock]
  )

const checkServer = ({ processes, settings }: Asked, { ask, place, processId }: Session) =>
  Effect.map(ask(ServerFacts, serverStatement), (rows) =>
    rows.flatMap((facts) => [
      ...judgeServer(facts, place, processId),
      judgeDurability(facts, settings.isProduction),
      judgeConnections(facts, settings, processes)
    ])
  )

const checkPermissions = ({ ask }: Session) =>
  Effect.map(ask(PermissionFacts, permissionsStatement), (rows) => rows.map(judgePermissions))

/** Without all migrations there may be no sealed rows to look at. */
const checkSchema = Effect.fnUntraced(function* ({ keys }: Asked, session: Session) {
  const differences = yield* readDifferences(session)
  const isWhole = differences.missing.length === 0
  const sealed = isWhole && Option.isSome(keys) ? checkSealedRows(session, keys.value) : Effect.succeed([])
  return [...judgeMigrations(differences), ...(yield* told("sealed rows", sealed))]
})

const answered = <R>(check: string, work: Effect.Effect<Finding | ReadonlyArray<Finding>, Failure, R>) =>
  within(told(check, work), answerLimit, () =>
    Effect.succeed([
      failed(check, `No answer within ${Duration.format(answerLimit)}.`, "See what keeps Postgres or the network busy.")
    ])
  )

/** Told as a finding, also that it could not be found out. */
const told = <R>(check: string, work: Effect.Effect<Finding | ReadonlyArray<Finding>, Failure, R>) =>
  work.pipe(
    Effect.catch((error) =>
      Effect.succeed(failed(check, `Not found out: ${textOf(error)}.`, "Mend that, and look again."))
    ),
    Effect.map((findings): ReadonlyArray<Finding> => [findings].flat())
  )

type Failure = SqlError.SqlError | { readonly _tag: string; readonly message: string }

const textOf = (error: Failure) =>
  (error instanceof SqlError.SqlError ? problemOf(error) : error.message).replace(/\.$/, "")

const unreachable = ({ name }: Place, error: SqlError.SqlError | NoAddress): Finding => {
  const code = error._tag === "NoAddress" ? "" : codeOf(error)
  const [, advice] = advices.find(([codes]) => codes.test(code)) ?? []
  return failed(
    "database",
    `${name} cannot be used: ${textOf(error)}.`,
    advice ?? "Check DATABASE_URL, that Postgres runs there, and that the network lets this machine in."
  )
}

/** By the code of Postgres (appendix A) or of Node. */
const advices: ReadonlyArray<readonly [codes: RegExp, advice: string]> = [
  [/^28/, "Check the user and password of DATABASE_URL, and pg_hba.conf."],
  [/^3D000/, "Make the database, or correct its name in DATABASE_URL."],
  [/^42501/, "GRANT CONNECT on the database to the role."],
  [/^53300/, "Raise max_connections or the limit of the role or database, or end what holds connections."],
  [/^57P03/, "Wait until Postgres has started."],
  [/CERT|SELF_SIGNED|UNABLE_TO/, "Its certificate is not trusted: NODE_EXTRA_CA_CERTS adds an authority."]
]

const codeOf = ({ reason: { cause } }: SqlError.SqlError) =>
  cause instanceof Error && "code" in cause ? String(cause.code) : ""
