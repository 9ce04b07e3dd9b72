import { Schema } from "effect"

/**
 * Postgres did not answer: no connection was free in time (`checkout`), none could be made or it was lost, or a limit
 * of ours was reached. A write has surely not been committed if the reason is `checkout`, or if Postgres itself has
 * given the statement up, for a `lock` or its own time limit (`canceled`); otherwise it may have been.
 */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()(
  "DatabaseUnavailable",
  { reason: Schema.Literals(["checkout", "connection", "timeout", "lock", "canceled"]) },
  { httpApiStatus: 503 }
) {
  override get message() {
    return "The service cannot reach its database at the moment. Send the same request again, with the same key."
  }
}
