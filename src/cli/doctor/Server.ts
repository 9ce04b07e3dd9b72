import { Option, Schema } from "effect"
import type { Settings } from "../../Settings.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"

/** What the server says of itself, to us. */
export const ServerFacts = Schema.Struct({
  version: Schema.String,
  version_num: Schema.Int,
  process_id: Schema.Int,
  is_standby: Schema.Boolean,
  read_only: Schema.String,
  encoding: Schema.String,
  isolation: Schema.String,
  fsync: Schema.String,
  full_page_writes: Schema.String,
  synchronous_commit: Schema.String,
  max_connections: Schema.Int,
  reserved: Schema.Int,
  database_limit: Schema.Int,
  role_limit: Schema.Int,
  open: Schema.Int
})
export type ServerFacts = typeof ServerFacts.Type

export const serverStatement = `SELECT
  current_setting('server_version') AS version,
  current_setting('server_version_num')::int4 AS version_num,
  pg_backend_pid() AS process_id,
  pg_is_in_recovery() AS is_standby,
  current_setting('default_transaction_read_only') AS read_only,
  current_setting('server_encoding') AS encoding,
  current_setting('default_transaction_isolation') AS isolation,
  current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('max_connections')::int4 AS max_connections,
  current_setting('superuser_reserved_connections')::int4
    + coalesce(current_setting('reserved_connections', true), '0')::int4 AS reserved,
  (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit,
  (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
  (SELECT sum(numbackends)::int4 FROM pg_stat_database) AS open`

/** The versions that the service's SQL is made for. */
const oldestMajor = 15
const newestMajor = 18

/** Whether payments can be kept there at all. */
export const judgeServer = (facts: ServerFacts, place: string, ourProcessId: number): ReadonlyArray<Finding> => {
  const check = "database"
  const major = Math.floor(facts.version_num / 10_000)
  const found: ReadonlyArray<Finding | false> = [
    major < oldestMajor &&
      failed(check, `Postgres ${facts.version} at ${place} is too old.`, `Use ${oldestMajor} to ${newestMajor}.`),
    major > newestMajor &&
      warning(check, `Postgres ${facts.version} at ${place} is not tested.`, `Use ${oldestMajor} to ${newestMajor}.`),
    facts.is_standby &&
      failed(
        check,
        `The Postgres at ${place} is in recovery: a standby, which takes no writes.`,
        "Let DATABASE_URL lead to the primary, or promote this one."
      ),
    facts.read_only === "on" &&
      failed(
        check,
        "default_transaction_read_only is on: every write is refused.",
        "Switch it off for the server, the database and the role."
      ),
    facts.encoding !== "UTF8" &&
      failed(check, `The encoding of the database is ${facts.encoding}.`, "Make it with ENCODING 'UTF8'."),
    facts.isolation !== "read committed" &&
      warning(
        check,
        `default_transaction_isolation is ${facts.isolation}; the statements are made for read committed.`,
        "Set it back for the server, the database and the role."
      ),
    facts.process_id !== ourProcessId &&
      warning(
        check,
        "A pooler stands between the service and Postgres.",
        "Let it pool by session: with transactions, a revoked key is not heard of."
      )
  ]
  const troubles = found.filter((each) => each !== false)
  return troubles.length === 0 ? [ok(check, `Postgres ${facts.version} at ${place}, a primary.`)] : troubles
}

/** Whether what is committed is there after a crash: a lost claim may be money that moved without a record. */
export const judgeDurability = (facts: ServerFacts, isProduction: boolean): Finding => {
  const off = (["fsync", "full_page_writes", "synchronous_commit"] as const).filter((name) => facts[name] === "off")
  if (off.length === 0) return ok("durability", `fsync is on, and synchronous_commit is ${facts.synchronous_commit}.`)
  const judged = isProduction ? failed : warning
  return judged(
    "durability",
    `${off.join(", ")} ${off.length === 1 ? "is" : "are"} off: a crash can lose the record of money that has moved.`,
    "Switch it on, for the server, the database and the role."
  )
}

/** What may be in use without a shortage when one more process starts. */
const share = 0.8

/** Whether the pools of so many processes find their connections. */
export const judgeConnections = (facts: ServerFacts, settings: Settings, processes: number): Finding => {
  // Two listen, and with a replica one tells how far the primary is.
  const others = Option.isSome(settings.DATABASE_REPLICA_URL) ? 3 : 2
  const each = settings.DATABASE_PIPELINED_CONNECTIONS + settings.DATABASE_PLAIN_CONNECTIONS + others
  const limits = [facts.max_connections - facts.reserved, facts.database_limit, facts.role_limit]
  const most = Math.min(...limits.filter((limit) => limit >= 0))
  const wanted = processes * each
  const found =
    `${processes} ${processes === 1 ? "process takes" : "processes take"} ${wanted} connections of ${most}` +
    ` that we may have (${facts.open} are open now)`
  if (wanted <= most * share) {
    return ok("connections", `${found}; ${Math.floor((most * share) / each)} processes fit.`)
  }
  const judged = wanted > most ? failed : warning
  return judged(
    "connections",
    `${found}${wanted > most ? "" : ", which leaves few for a restart and for operators"}.`,
    "Raise max_connections or the limit of the role or database, or lower DATABASE_PIPELINED_CONNECTIONS and" +
      " DATABASE_PLAIN_CONNECTIONS."
  )
}
