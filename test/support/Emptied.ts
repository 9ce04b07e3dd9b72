import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"

/** No payment any more, nor what came of one. A service at work on these tables may be in the way for a moment. */
export const emptied = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`TRUNCATE payments, transactions, events, ledger_entries, duplicate_guards, audit_events`
}).pipe(Effect.retry({ times: 20, while: ({ reason }) => reason._tag === "DeadlockError" }))
