import { Schema } from "effect"

/**
 * Postgres did not answer: no connection was free in time (`checkout`), none could be made or it was lost, or a limit
 * was reached. Unless the reason is `checkout`, a write may have been committed all the same.
 */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()(
  "DatabaseUnavailable",
  { reason: Schema.Literals(["checkout", "connection", "timeout", "lock"]) },
  { httpApiStatus: 503 }
) {
  override get message() {
    return "The service cannot reach its database at the moment. Send the same request again, with the same key."
  }
}
