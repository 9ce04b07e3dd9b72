import { Effect, Schema } from "effect"
import type { Simulator } from "../../src/simulator/Simulator.ts"
import { until } from "./Program.ts"
import { Stand } from "./Stand.ts"

const Row = Schema.Struct({
  payment_id: Schema.String,
  type: Schema.String,
  status: Schema.String,
  response_code: Schema.NullOr(Schema.String),
  batch_id: Schema.String,
  tran_nbr: Schema.String,
  /** Seconds since 1970. */
  created_s: Schema.Finite
})

/** The calls that are on record for the payment of an idempotency key, the oldest first. */
export const callsOf = (key: string) =>
  Effect.gen(function* () {
    const { sql } = yield* Stand
    const rows = yield* sql`
      SELECT payment_id, type, status, response_code, batch_id, tran_nbr::text,
        extract(epoch FROM created_at)::float8 AS created_s FROM transactions
      WHERE payment_id = (SELECT payment_id FROM transactions WHERE idempotency_key = ${key}) ORDER BY id`
    return Schema.decodeUnknownSync(Schema.Array(Row))(rows)
  })

/** Moves the payment of a key into the past, as if so many seconds had gone by: nobody waits for a lease here. */
export const passTime = (key: string, seconds: number) =>
  Effect.gen(function* () {
    const { sql } = yield* Stand
    yield* sql`
      UPDATE transactions SET created_at = created_at - ${seconds} * interval '1 second',
        send_by = send_by - ${seconds} * interval '1 second', lease_until = lease_until - ${seconds} * interval '1 second',
        next_attempt_at = next_attempt_at - ${seconds} * interval '1 second'
      WHERE payment_id = (SELECT payment_id FROM transactions WHERE idempotency_key = ${key})`
  })

/**
 * Ends the lease of the key's charge now. The time since its claim stays what it is, so that a slow machine has all of
 * EPX's two minutes for what follows; Lease.slow.test.ts waits for a real lease.
 */
export const endLease = (key: string) =>
  Effect.gen(function* () {
    const { sql } = yield* Stand
    yield* sql`UPDATE transactions SET lease_until = now() - interval '1 second' WHERE idempotency_key = ${key}`
  })

/** Waits until the charge of the key has this status. */
export const becomes = (key: string, status: string) => until(callsOf(key), ([charge]) => charge?.status === status)

/** What EPX received under the pair of the key's charge. */
export const received = (key: string) =>
  Effect.gen(function* () {
    const { simulator } = yield* Stand
    const [charge] = yield* callsOf(key)
    if (charge === undefined) return []
    const fields = { BATCH_ID: charge.batch_id, TRAN_NBR: charge.tran_nbr }
    return (yield* simulator.requests({ fields })).map((request) => request.fields.TRAN_TYPE)
  })

/** Waits until EPX has the charge of the key. */
export const reaches = (key: string) => until(received(key), (types) => types.includes("CCE1"))

/** Cents that stand at EPX for the key's payment. */
export const standing = (simulator: Simulator["Service"], key: string) =>
  Effect.gen(function* () {
    const [charge] = yield* callsOf(key)
    const shown = yield* simulator.transactions({})
    return shown
      .filter(({ tranNbr }) => tranNbr === charge?.tran_nbr)
      .reduce((sum, { amount, released }) => sum + amount - released, 0)
  })
