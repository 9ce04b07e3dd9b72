import { Schema } from "effect"

/** What tells two servers apart, and how far what one shows has come in the log. */
export const Standing = Schema.Struct({
  system: Schema.String,
  database: Schema.String,
  started: Schema.Finite,
  is_standby: Schema.Boolean,
  position: Schema.Finite
})
export type Standing = typeof Standing.Type

/** What is committed is flushed before anybody sees it, and a standby gets no more than that. */
export const standingStatement = `SELECT
  (SELECT system_identifier::text FROM pg_control_system()) AS system,
  (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
  extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
  pg_is_in_recovery() AS is_standby,
  coalesce(pg_wal_lsn_diff(
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END, '0/0'
  ), 0)::float8 AS position`

/** A standby of it, or the very same server. One that has been promoted goes its own way. */
export const isReplicaOf = (its: Standing, primary: Standing): boolean =>
  its.system === primary.system &&
  its.database === primary.database &&
  (its.is_standby || its.started === primary.started)
