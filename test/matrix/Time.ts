import { Effect, Schema } from "effect"
import { TransactionIds } from "../../src/domain/Ids.ts"
import type { ServiceProcess } from "./ServiceProcess.ts"
import type { Stand } from "./Stand.ts"

/** Lets time pass in the database, at the gateway and in every process at once. Nothing may be under way but waits. */
export const pass = Effect.fnUntraced(function* (
  { simulator, sql }: Stand,
  services: Iterable<ServiceProcess>,
  ms: number
) {
  const all = [...services]
  yield* Effect.forEach(all, ({ freeze }) => freeze, { concurrency: "unbounded", discard: true })
  // What is between two waits comes to the next one.
  yield* Effect.sleep("15 millis")
  const by = sql`${ms}::float8 * interval '1 millisecond'`
  const age = sql`WITH t AS (
      UPDATE transactions SET created_at = created_at - ${by}, send_by = send_by - ${by},
        lease_until = lease_until - ${by}, next_attempt_at = next_attempt_at - ${by}, cutoff_at = cutoff_at - ${by},
        settled_at = settled_at - ${by}, claimed_at = claimed_at - ${by}
    ), g AS (UPDATE duplicate_guards SET expires_at = expires_at - ${by})
    UPDATE payments SET created_at = created_at - ${by}, updated_at = updated_at - ${by},
      expires_at = expires_at - ${by}`
  yield* Effect.orDie(Effect.retry(age, { times: 20 }))
  yield* simulator.clock.advance(ms)
  yield* Effect.forEach(all, ({ shift }) => shift(ms), { concurrency: "unbounded", discard: true })
})

const State = Schema.Struct({
  /** Differs when anything has happened. */
  print: Schema.String,
  /** Steps that are due and have not been begun. */
  due: Schema.Int,
  submitting: Schema.Array(
    Schema.Struct({ id: TransactionIds.Column, type: Schema.String, batch_id: Schema.String, tran_nbr: Schema.Int })
  ),
  /** Milliseconds until the next step, limit or lease; null: there is none. */
  next_ms: Schema.NullOr(Schema.Finite)
})
const decodeStates = Schema.decodeUnknownSync(Schema.Tuple([State]))

const readState = ({ sql }: Stand) =>
  Effect.map(
    Effect.orDie(sql`
      WITH own AS (
        SELECT *, send_by - interval '10 seconds' + CASE
            WHEN type IN ('sale', 'authorization') THEN interval '30.5 seconds'
            WHEN type = 'reversal' THEN interval '10.5 seconds' ELSE interval '45.5 seconds' END AS limit_at
        FROM transactions
      ), undone AS (
        SELECT coalesce((SELECT max(t.created_at) + least(count(*), 15) * interval '20 seconds' FROM transactions t
          WHERE t.payment_id = p.id AND t.type = 'void' AND t.status = 'failed' AND t.idempotency_key IS NULL
            AND t.probe_of IS NULL), now()) AS at
        FROM payments p WHERE undo IS NOT NULL AND first_status = 'approved' AND calls = 0 AND doubts = 0
      ), steps AS (
        SELECT next_attempt_at AS at FROM own
        WHERE status IN ('unknown', 'scheduled') AND next_attempt_at IS NOT NULL
        UNION ALL SELECT at FROM undone
      ), waits AS (
        SELECT at FROM steps UNION ALL SELECT lease_until FROM own WHERE status = 'submitting'
        UNION ALL SELECT limit_at FROM own WHERE status = 'submitting'
      )
      SELECT concat_ws(' ', (SELECT count(*) FROM own), (SELECT sum(hashtext(id::text || status)::int8) FROM own),
          (SELECT sum(attempts + lookups) FROM own), (SELECT sum(version) FROM payments)) AS print,
        (SELECT count(*)::int4 FROM steps WHERE at <= now())
          + (SELECT count(*)::int4 FROM own WHERE status = 'submitting' AND lease_until < now()) AS due,
        coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'type', type, 'batch_id', batch_id, 'tran_nbr', tran_nbr))
          FROM own WHERE status = 'submitting'), '[]') AS submitting,
        (SELECT extract(epoch FROM min(at) - now())::float8 * 1000 FROM waits WHERE at > now()) AS next_ms`),
    (rows) => decodeStates(rows)[0]
  )

/** Something is due or under way and does not come to an end; these rows are open. */
export class Restless extends Schema.TaggedError<Restless>()("Restless", { open: Schema.String }) {
  override get message() {
    return `It does not come to rest: ${this.open}`
  }
}

const openRows = ({ sql }: Stand) =>
  Effect.map(
    Effect.orDie(sql`SELECT t.type, t.status, t.doubt, t.attempts, t.lookups, p.undo, p.first_status,
        extract(epoch FROM t.next_attempt_at - now())::int4 AS next_s
      FROM transactions t JOIN payments p ON p.id = t.payment_id
      WHERE t.status IN ('submitting', 'scheduled') OR t.status = 'unknown' AND t.next_attempt_at IS NOT NULL
        OR p.undo IS NOT NULL AND p.first_status = 'approved' LIMIT 20`),
    (rows) => JSON.stringify(rows)
  )

const silent = /^(?:TIMEOUT|LATE_COMMIT)_/

/**
 * When time is put forward, a process may give up a statement that is carried out all the same. Nobody makes the call
 * that it has recorded, and only its lease can end it.
 */
const abandonment_ms = 5_000

/**
 * Waits until nothing happens any more. Calls of processes that are gone or held are known to wait, and others wait
 * when the gateway is silent.
 */
export const settleDown = Effect.fnUntraced(function* (
  stand: Stand,
  isHeld: (id: typeof TransactionIds.Id.Type) => boolean,
  /** So often nothing may have changed. */
  enough = 3
) {
  const { simulator } = stand
  let last = ""
  let calm = 0
  let changedAt = Date.now()
  const deadline = Date.now() + 20_000
  while (true) {
    const state = yield* readState(stand)
    const requests = yield* simulator.requests()
    const unanswered = new Set(
      requests
        .filter(({ fault }) => fault !== null && silent.test(fault))
        // A timeout reversal has nothing but its pair.
        .map(({ fields }) => fields.USER_DATA_2 ?? `${fields.BATCH_ID} ${fields.TRAN_NBR}`)
    )
    const isWaiting = state.submitting.every(
      ({ batch_id, id, tran_nbr, type }) =>
        isHeld(id) || unanswered.has(type === "reversal" ? `${batch_id} ${tran_nbr}` : id)
    )
    const print = `${state.print} ${requests.length}`
    if (print !== last || state.due > 0) changedAt = Date.now()
    calm = state.due === 0 && isWaiting && print === last ? calm + 1 : 0
    last = print
    if (calm === enough || Date.now() - changedAt > abandonment_ms) return state
    if (Date.now() > deadline) return yield* new Restless({ open: yield* openRows(stand) })
    yield* Effect.sleep("15 millis")
  }
})
