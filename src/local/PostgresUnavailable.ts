import { Schema } from "effect"

/** No local Postgres can be offered. The message says what to do about it. */
export class PostgresUnavailable extends Schema.TaggedError<PostgresUnavailable>()("PostgresUnavailable", {
  reason: Schema.Literals([
    "unsupported_platform",
    "no_binary",
    "no_account",
    "unusable_directory",
    "wrong_version",
    "initdb_failed",
    "start_failed"
  ]),
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}
