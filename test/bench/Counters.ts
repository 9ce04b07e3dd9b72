import { Client } from "pg"
import { parentOf } from "./Machine.ts"
import type { Server } from "./Server.ts"

/** Counts since the server began: statements of one database, bytes of write-ahead log of all of them. */
export interface Counters {
  readonly statements: number
  readonly walBytes: number
}

/** Reads what Postgres counts, through the maintenance database so that the reading is not counted itself. */
export interface CounterReader {
  /** Process id of the postmaster; undefined where there is no /proc. */
  readonly postmaster: number | undefined
  /** Version, and the settings on which the cost of a commit depends. */
  readonly settings: Readonly<Record<string, string>>
  readonly read: (database: string) => Promise<Counters>
  /** Lags: a connection reports when it is busy again or after `commitLag`. */
  readonly commits: (database: string) => Promise<number>
  /** Bytes of write-ahead log of the whole server. What it counts itself lags as commits do; the position does not. */
  readonly wal: () => Promise<{ readonly counted: number; readonly position: number }>
  readonly close: () => Promise<void>
}

/** An idle connection reports its commits after ten seconds (PGSTAT_IDLE_INTERVAL in the Postgres sources). */
export const commitLag = "10500 millis"

const walPosition = "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"

export const openCounters = async (server: Server): Promise<CounterReader> => {
  const client = new Client({ ...server, application_name: "bench counters" })
  await client.connect()
  await client.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
  const one = async (text: string, values: ReadonlyArray<unknown> = []) =>
    (await client.query({ text, values })).rows[0] ?? {}
  const { pid, ...settings } = await one(`SELECT pg_backend_pid() AS pid, current_setting('server_version') AS version,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes`)
  return {
    postmaster: parentOf(Number(pid)),
    settings: settings as Record<string, string>,
    read: async (database) => {
      const { statements, wal } = await one(
        `SELECT (SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = $1 AND s.toplevel) AS statements,
          ${walPosition} AS wal`,
        [database]
      )
      return { statements: Number(statements), walBytes: Number(wal) }
    },
    commits: async (database) =>
      Number((await one("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", [database])).xact_commit),
    wal: async () => {
      const { counted, position } = await one(
        `SELECT (SELECT wal_bytes FROM pg_stat_wal) AS counted, ${walPosition} AS position`
      )
      return { counted: Number(counted), position: Number(position) }
    },
    close: () => client.end()
  }
}
