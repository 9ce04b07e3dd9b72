import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect, Schedule } from "effect"
import { TestClock } from "effect/testing"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

export interface Asked {
  readonly key?: string
  readonly idempotencyKey?: string
  readonly ifMatch?: string
}

/** POST to a payment, by the merchant and with a new key. */
export const post = (
  id: string,
  route: string,
  json?: object,
  { idempotencyKey = randomUUID(), ifMatch, key }: Asked = {}
) =>
  Effect.flatMap(TestService, ({ merchant, request }) =>
    request({
      method: "POST",
      path: `/v1/payments/${id}/${route}`,
      key: key ?? merchant.keys.all,
      headers: { "idempotency-key": idempotencyKey, ...(ifMatch === undefined ? {} : { "if-match": ifMatch }) },
      ...(json === undefined ? {} : { json })
    })
  )

export const cancel = (idempotencyKey: string) =>
  Effect.flatMap(TestService, ({ merchant, request }) =>
    request({
      path: "/v1/payments/cancel-by-key",
      key: merchant.keys.all,
      json: { idempotency_key: idempotencyKey }
    })
  )

/** HTTP status, and the payment's own or the problem's code. */
export const outcome = ({ json, status }: HttpAnswer): readonly [number, string] => [status, json.code ?? json.status]

export const paymentOf = Effect.fnUntraced(function* (id: string) {
  const { merchant, request } = yield* TestService
  return (yield* request({ path: `/v1/payments/${id}`, key: merchant.keys.all })).json
})

export const tagOf = Effect.fnUntraced(function* (id: string) {
  const { merchant, request } = yield* TestService
  return (yield* request({ path: `/v1/payments/${id}`, key: merchant.keys.read })).headers.etag ?? ""
})

/** Asks until it holds; the sockets and the database live in real time. */
export const until = <A, E, R>(ask: Effect.Effect<A, E, R>, holds: (answer: A) => boolean) =>
  ask.pipe(
    Effect.repeat({ schedule: Schedule.spaced("25 millis"), until: holds }),
    Effect.timeout("10 seconds"),
    TestClock.withLive
  )

export const decided = (id: string) =>
  until(paymentOf(id), ({ status }) => status !== "processing" && status !== "unknown")

/** Lets a day pass at EPX and in our books, so that every open batch has settled. */
export const settleAll = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  yield* simulator.clock.advance("26 hours")
  yield* sql`UPDATE transactions SET cutoff_at = cutoff_at - interval '26 hours',
    next_attempt_at = CASE WHEN status = 'scheduled' THEN now() ELSE next_attempt_at END`
  yield* until(
    sql`SELECT 1 AS one FROM transactions WHERE status = 'approved' AND type IN ('sale', 'capture')
      AND cutoff_at < now() - interval '2 hours' AND probe_of IS NULL`,
    ({ length }) => length === 0
  )
})

/** Just before the cut-off, where nothing can be voided any more and nothing has settled yet. */
export const closeToCutoff = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`UPDATE transactions SET cutoff_at = now() + interval '4 minutes' WHERE status = 'approved'`
})

/** Requests of these types that reached EPX. */
export const sent = Effect.fnUntraced(function* (...types: ReadonlyArray<string>) {
  const { simulator } = yield* TestService
  const requests = yield* Effect.forEach(types, (type) => simulator.requests({ fields: { TRAN_TYPE: type } }))
  return requests.flat().length
})
