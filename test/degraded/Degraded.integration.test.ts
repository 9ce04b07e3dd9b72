import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { afterAll } from "vitest"
import { outcome, paymentOf, until } from "../payments/Asked.ts"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"
import { type Mode, modes } from "./Modes.ts"
import { Stage, WayToPostgres } from "./Stage.ts"

const seen: Array<Omit<Mode, "begin" | "hasOpenCharge">> = []

const told = (answer: HttpAnswer) => outcome(answer).join(" ")

/** What everybody sees while it lasts, and what becomes of it. */
const play = Effect.fnUntraced(function* ({ begin, hasOpenCharge: _, ...mode }: Mode) {
  const { charge, merchant, request, simulator } = yield* TestService
  const earlier = yield* charge()
  const scope = yield* Scope.make()
  yield* TestClock.withLive(Effect.provideService(begin, Scope.Scope, scope))
  const before = (yield* simulator.requests()).length
  const idempotencyKey = randomUUID()
  const sale = yield* charge({}, { idempotencyKey })
  const read = yield* request({ path: `/v1/payments/${earlier.json.id}`, key: merchant.keys.read })
  // Of lists the table says nothing: they need Postgres or the replica.
  const listed = yield* request({ path: "/v1/payments?limit=1", key: merchant.keys.read })
  if (read.status === 200) assert.strictEqual(listed.status, 200)
  const ready = yield* request({ path: "/health/ready" })
  const sent = (yield* simulator.requests()).length - before
  yield* TestClock.withLive(Scope.close(scope, Exit.void))
  const found = {
    name: mode.name,
    sale: told(sale),
    read: read.status === 200 ? "200" : told(read),
    ready: `${ready.status} ${ready.json.status}`,
    afterwards: mode.afterwards
  }
  seen.push(found)
  assert.deepStrictEqual(found, mode)
  return { sale, sent, idempotencyKey }
})

/** The payment has been decided as the table says; or nothing was sent, and the same request is carried out now. */
const end = Effect.fnUntraced(function* (
  { afterwards, name }: Mode,
  { idempotencyKey, sale, sent }: Effect.Success<ReturnType<typeof play>>
) {
  const { charge } = yield* TestService
  if (sale.status < 300) {
    yield* until(paymentOf(sale.json.id), ({ status }) => status === afterwards)
    return
  }
  // While others are under way to EPX, what it hears is theirs.
  if (!name.startsWith("More comes")) assert.strictEqual(sent, 0)
  if (afterwards.includes("half a minute")) return
  const again = yield* until(charge({}, { idempotencyKey }), ({ status }) => status < 300)
  assert.deepStrictEqual(outcome(again), [201, "captured"])
})

const assertBooksAgree = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  const open = sql`SELECT 1 AS one FROM transactions WHERE status IN ('submitting', 'unknown')`
  yield* until(open, ({ length }) => length === 0)
  const [ours] = yield* sql`SELECT coalesce(sum(captured), 0)::int4 AS captured FROM payments WHERE status = 'captured'`
  const theirs = (yield* simulator.ledger()).reduce((sum, { net }) => sum + net, 0)
  assert.strictEqual(Number(ours?.captured), theirs)
  assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
})

describe.concurrent("a degraded mode", () => {
  it.effect.each(modes)(
    "$name",
    (mode) =>
      Effect.gen(function* () {
        yield* end(mode, yield* play(mode))
        if (mode.hasOpenCharge === undefined) yield* assertBooksAgree
      }).pipe(Effect.provide(Stage)),
    60_000
  )

  it.effect(
    "Postgres does not answer, for a merchant of whom no limit has been leased yet: told in time all the same",
    () =>
      Effect.gen(function* () {
        const { charge, makeMerchant, request, simulator } = yield* TestService
        const way = yield* WayToPostgres
        const { keys } = yield* makeMerchant()
        assert.strictEqual((yield* request({ path: "/v1/payments?limit=1", key: keys.all })).status, 200)
        yield* way.hush
        const start = performance.now()
        const answers = yield* Effect.all([charge({}, { key: keys.all }), charge({}, { key: keys.all })], {
          concurrency: 2
        })
        // By the deadline of the request at the latest.
        assert.isBelow(performance.now() - start, 20_000)
        assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([503]))
        assert.deepStrictEqual(yield* simulator.requests(), [])
        yield* way.cut
        yield* way.mend
      }).pipe(Effect.provide(Stage)),
    60_000
  )

  afterAll(() => {
    const cells = (row: ReadonlyArray<string>) => `| ${row.join(" | ")} |`
    const inOrder = modes.flatMap(({ name }) => seen.filter((row) => row.name === name))
    const rows = inOrder.map(({ afterwards, name, read, ready, sale }) => cells([name, sale, read, ready, afterwards]))
    const head = [
      cells(["Mode", "A sale", "A read", "`/health/ready`", "Afterwards"]),
      cells(["-", "-", "-", "-", "-"])
    ]
    process.stdout.write(`\n${[...head, ...rows].join("\n")}\n\n`)
  })
})
