import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted, Schedule, Schema } from "effect"

const Open = Schema.Struct({ waiting: Schema.Int })
const Kinds = Schema.Array(Schema.Struct({ kind: Schema.String, count: Schema.Int }))
const Ids = Schema.Array(Schema.Struct({ id: Schema.String }))

/** What our books say of a run. */
export const outcomeOf = (url: string) => {
  const query = (sql: string, values: ReadonlyArray<unknown> = []) =>
    PgConnection.make({ url: Redacted.make(url) }).pipe(
      Effect.flatMap((session) => session.query(sql, values)),
      Effect.map(({ rows }) => rows),
      Effect.scoped
    )
  const kinds = (sql: string) => Effect.map(query(sql), (rows) => Schema.decodeUnknownSync(Kinds)(rows))
  const open = Effect.map(
    query(`SELECT
      count(*) FILTER (WHERE t.status = 'submitting' OR t.status = 'unknown' AND t.next_attempt_at IS NOT NULL
        OR p.undo IS NOT NULL AND p.first_status = 'approved' AND p.doubts = 0)::int4 AS waiting
      FROM transactions t JOIN payments p ON p.id = t.payment_id`),
    ([row]) => Schema.decodeUnknownSync(Open)(row)
  )
  return {
    open,
    /** Until nothing is on its way any more: decided, or left to people. False: some of it never is. */
    quiet: (limit: `${number} seconds`) =>
      open.pipe(
        Effect.repeat({ until: ({ waiting }) => waiting === 0, schedule: Schedule.spaced("500 millis") }),
        Effect.timeoutOption(limit),
        Effect.map(({ _tag }) => _tag === "Some")
      ),
    /** As if half an hour went by for follow-ups whose next probe is minutes away: nobody waits for that here. */
    passTime: query(`UPDATE transactions SET created_at = created_at - interval '30 minutes',
        next_attempt_at = CASE WHEN status = 'unknown' AND next_attempt_at IS NOT NULL THEN now() END
      WHERE payment_id IN (SELECT payment_id FROM transactions WHERE status = 'unknown' AND next_attempt_at IS NOT NULL
        AND type NOT IN ('sale', 'authorization'))`),
    resolved: kinds(`SELECT type || ' by ' || resolved_by AS kind, count(*)::int4 AS count FROM transactions
      WHERE resolved_by IS NOT NULL GROUP BY 1 ORDER BY 1`),
    exceptions: kinds(`SELECT type AS kind, count(*)::int4 AS count FROM transactions
      WHERE status = 'unknown' AND next_attempt_at IS NULL AND probe_of IS NULL AND type <> 'reversal'
      GROUP BY 1 ORDER BY 1`),
    /** Each of them with what was tried: what it came to, and how many seconds after the claim. */
    tried: kinds(`SELECT t.type || ': ' || coalesce(t.doubt, '') || ' / ' || coalesce((
        SELECT string_agg(a.type || ' ' || a.status || ' ' || coalesce(a.response_code, '-') || ' at '
          || round(extract(epoch FROM a.created_at - t.created_at))::text, ', ' ORDER BY a.id)
        FROM transactions a WHERE a.reversal_of = t.id OR a.probe_of = t.id), 'nothing') AS kind, 1 AS count
      FROM transactions t WHERE t.status = 'unknown' AND t.next_attempt_at IS NULL AND t.probe_of IS NULL
        AND t.type <> 'reversal' ORDER BY t.id LIMIT 20`),
    payments: kinds("SELECT status AS kind, count(*)::int4 AS count FROM payments GROUP BY 1 ORDER BY 1"),
    existing: Effect.map(query("SELECT id::text FROM payments"), (rows) =>
      Schema.decodeUnknownSync(Ids)(rows).map(({ id }) => id)
    )
  }
}
