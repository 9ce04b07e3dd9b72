import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

/** Status, code and pointers of a problem, after a look at what every problem must have. */
export const problemOf = ({ headers, json, status, text }: HttpAnswer): readonly [number, string, ...Array<string>] => {
  assert.strictEqual(headers["content-type"], "application/problem+json", text)
  assert.strictEqual(json.status, status, text)
  assert.strictEqual(json.type, `urn:payment-service:problem:${json.code}`)
  assert.strictEqual(json.request_id, headers["x-request-id"])
  for (const word of [json.title, json.detail, json.request_id]) assert.match(word, /^\S/)
  // A value may be wrong in two ways.
  const pointers = new Set<string>(json.errors?.map(({ pointer }: { readonly pointer: string }) => pointer))
  return [status, json.code, ...[...pointers].toSorted()]
}

/** How often money was asked for: payments and calls on record, and requests that reached EPX. */
export const trace = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { simulator } = yield* TestService
  const [rows] = yield* sql`SELECT (SELECT count(*) FROM payments)::int AS payments,
    (SELECT count(*) FROM transactions)::int AS transactions, (SELECT count(*) FROM events)::int AS events`
  return { ...rows, requests: (yield* simulator.requests()).length }
})

/** Nothing of it may have reached the database or EPX. */
export const leavesNoTrace = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* trace
    const result = yield* effect
    assert.deepStrictEqual(yield* trace, before)
    return result
  })
