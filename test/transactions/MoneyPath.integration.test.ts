import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { emptied } from "../support/Emptied.ts"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

const sales = { fields: { TRAN_TYPE: "CCE1" } }
const reversals = { fields: { TRAN_TYPE: "CCE7" } }

/** Asks until it holds; the sockets and the database live in real time. */
const until = <A, E, R>(ask: Effect.Effect<A, E, R>, holds: (answer: A) => boolean) =>
  ask.pipe(
    Effect.repeat({ schedule: Schedule.spaced("25 millis"), until: holds }),
    Effect.timeout("10 seconds"),
    TestClock.withLive
  )

const paymentOf = Effect.fnUntraced(function* (id: string) {
  const { merchant, request } = yield* TestService
  return (yield* request({ path: `/v1/payments/${id}`, key: merchant.keys.all })).json
})

const decided = (id: string) => until(paymentOf(id), ({ status }) => status !== "processing" && status !== "unknown")

/** The rows of a payment as if everything about them had happened this much earlier. */
const age = Effect.fnUntraced(function* (seconds: number) {
  const sql = yield* PgClient.PgClient
  yield* sql`UPDATE transactions SET created_at = created_at - ${seconds} * interval '1 second',
    lease_until = lease_until - ${seconds} * interval '1 second', send_by = send_by - ${seconds} * interval '1 second',
    next_attempt_at = next_attempt_at - ${seconds} * interval '1 second'`
})

const reversalCount = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const [row] = yield* sql`SELECT count(*)::int4 AS settled FROM transactions WHERE type = 'reversal'
    AND status <> 'submitting'`
  return Number(row?.settled)
})

const fresh = Effect.gen(function* () {
  const { simulator } = yield* TestService
  yield* simulator.reset()
  yield* emptied
})

/** Our books against the simulator's: what was charged and stands there is what we call captured. */
const assertBooksAgree = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  const [ours] = yield* sql`SELECT coalesce(sum(captured), 0)::int4 AS captured FROM payments`
  const theirs = (yield* simulator.ledger()).reduce((sum, { net }) => sum + net, 0)
  assert.strictEqual(Number(ours?.captured), theirs)
  assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
})

layer(TestService.layer)("the money path", (it) => {
  it.effect("records a call, with the pair EPX will know it by, before EPX hears of it", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_600" })
      const answer = yield* Effect.forkChild(charge({ order_ref: "o-1" }))
      const [heard] = yield* until(simulator.requests(sales), ({ length }) => length === 1)

      const rows = yield* sql`SELECT status, batch_id, tran_nbr::text, bric_sealed IS NULL AS is_open FROM transactions`
      assert.deepStrictEqual(rows, [
        {
          status: "submitting",
          batch_id: heard?.fields.BATCH_ID,
          tran_nbr: heard?.fields.TRAN_NBR,
          is_open: true
        }
      ])
      assert.strictEqual((yield* Fiber.join(answer)).json.status, "captured")
      const [after] = yield* sql`SELECT status, bric_key_id, octet_length(bric_fingerprint) AS length FROM transactions`
      assert.deepStrictEqual({ ...after }, { status: "approved", bric_key_id: "test", length: 32 })
      yield* assertBooksAgree
    })
  )

  it.effect("charges once for fifty requests with one key", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_200" })
      const idempotencyKey = randomUUID()
      const answers = yield* Effect.all(
        Array.from({ length: 50 }, () => charge({}, { idempotencyKey })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
      assert.strictEqual(new Set(answers.map(({ json }) => json.id)).size, 1)
      assert.strictEqual(answers.filter(({ headers }) => headers["idempotent-replayed"] === "true").length, 49)
      assert.strictEqual((yield* simulator.requests(sales)).length, 1)
      yield* assertBooksAgree
    })
  )

  it.effect("undoes a sale whose answer was lost, at once and with the same pair", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
      const { json, status } = yield* charge()
      assert.deepStrictEqual([status, json.status], [202, "unknown"])

      assert.strictEqual((yield* decided(json.id)).status, "reversed")
      const [sale] = yield* simulator.requests(sales)
      const [reversal, ...more] = yield* simulator.requests(reversals)
      assert.deepStrictEqual(more, [])
      assert.strictEqual(reversal?.fields.TRAN_NBR, sale?.fields.TRAN_NBR)
      assert.strictEqual(reversal?.fields.BATCH_ID, sale?.fields.BATCH_ID)
      assert.strictEqual((yield* simulator.requests(sales)).length, 1)
      yield* assertBooksAgree
    })
  )

  it.effect("believes that a sale never arrived only after two denials a minute apart, and frees its key", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_BEFORE" })
      const idempotencyKey = randomUUID()
      const { json } = yield* charge({}, { idempotencyKey })
      yield* until(reversalCount, (count) => count === 1)
      assert.strictEqual((yield* paymentOf(json.id)).status, "unknown")
      yield* age(20)
      yield* until(reversalCount, (count) => count === 2)
      assert.strictEqual((yield* paymentOf(json.id)).status, "unknown")
      yield* age(40)
      assert.strictEqual((yield* decided(json.id)).status, "failed")

      const again = yield* charge({}, { idempotencyKey })
      assert.deepStrictEqual([again.status, again.json.status], [201, "captured"])
      assert.notStrictEqual(again.json.id, json.id)
      yield* assertBooksAgree
    })
  )

  it.effect("undoes a sale that EPX carried out only after denying it", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_BEFORE" })
      const { json } = yield* charge()
      yield* until(reversalCount, (count) => count === 1)
      // The late original, under the pair that was denied a moment ago.
      const sql = yield* PgClient.PgClient
      const [late] = yield* sql`SELECT merch_nbr, batch_id, tran_nbr::text FROM transactions WHERE type = 'sale'`
      yield* Effect.promise(() =>
        fetch(simulator.url, {
          method: "POST",
          body: new URLSearchParams({
            CUST_NBR: "7000",
            MERCH_NBR: String(late?.merch_nbr),
            DBA_NBR: "1",
            TERMINAL_NBR: "1",
            TRAN_TYPE: "CCE1",
            AMOUNT: "19.99",
            BATCH_ID: String(late?.batch_id),
            TRAN_NBR: String(late?.tran_nbr),
            ORIG_AUTH_GUID: simulator.brics.visa,
            CARD_ENT_METH: "Z",
            INDUSTRY_TYPE: "E"
          })
        })
      )
      yield* age(20)
      assert.strictEqual((yield* decided(json.id)).status, "reversed")
      yield* assertBooksAgree
    })
  )

  it.effect("goes on when the answers to its reversals are lost", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "RESET_BEFORE" })
      const { json } = yield* charge()
      yield* until(reversalCount, (count) => count === 1)
      assert.strictEqual((yield* paymentOf(json.id)).status, "unknown")
      yield* age(20)
      assert.strictEqual((yield* decided(json.id)).status, "reversed")
      yield* assertBooksAgree
    })
  )

  it.effect("leaves to people what no reversal could settle in EPX's window", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "RESET_BEFORE", times: "always" })
      const { json } = yield* charge()
      for (const made of [1, 2, 3, 4, 5]) {
        yield* until(reversalCount, (count) => count === made)
        yield* age(20)
      }
      yield* until(reversalCount, (count) => count === 6)
      const open = sql`SELECT status FROM transactions WHERE type = 'sale' AND next_attempt_at IS NULL`
      assert.deepStrictEqual(yield* until(open, ({ length }) => length === 1), [{ status: "unknown" }])
      assert.strictEqual((yield* paymentOf(json.id)).status, "unknown")
      assert.strictEqual((yield* simulator.requests(sales)).length, 1)
    })
  )

  it.effect("takes over what a dead process left, and lets no late answer bring it back", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_3000" })
      const answer = yield* Effect.forkChild(charge())
      yield* until(simulator.requests(sales), ({ length }) => length === 1)
      // As if the lease had run out while the process hung.
      yield* age(46)
      const late: HttpAnswer = yield* Fiber.join(answer)
      assert.strictEqual((yield* decided(late.json.id)).status, "reversed")
      assert.strictEqual((yield* simulator.requests(sales)).length, 1)
      const sql = yield* PgClient.PgClient
      const [noted] = yield* sql`SELECT late_response_code, bric_sealed IS NOT NULL AS has_bric FROM transactions
        WHERE type = 'sale'`
      assert.deepStrictEqual({ ...noted }, { late_response_code: "00", has_bric: true })
      yield* assertBooksAgree
    })
  )

  it.effect("leaves a call alone for as long as it may be on the wire", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      // A sweep comes by every second.
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_1500" })
      const answer = yield* Effect.forkChild(charge())
      yield* until(simulator.requests(sales), ({ length }) => length === 1)
      yield* age(40)
      assert.strictEqual((yield* Fiber.join(answer)).json.status, "captured")
      assert.deepStrictEqual(yield* simulator.requests(reversals), [])
      yield* assertBooksAgree
    })
  )

  it.effect("still believes an answer that comes late, while nothing has been undone", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_800" })
      const answer = yield* Effect.forkChild(charge())
      yield* until(simulator.requests(sales), ({ length }) => length === 1)
      yield* sql`UPDATE transactions SET status = 'unknown'`
      yield* sql`UPDATE payments SET first_status = 'unknown', calls = 0, doubts = 1`
      assert.strictEqual((yield* Fiber.join(answer)).json.status, "captured")
      yield* assertBooksAgree
    })
  )

  it.effect("takes no denial that belonged to another request", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "RESET_BEFORE", times: 4 })
      const { json } = yield* charge()
      for (const made of [1, 2, 3]) {
        yield* until(reversalCount, (count) => count === made)
        // As evidence of a mismatch is stored.
        yield* sql`UPDATE transactions SET response_code = '25' WHERE type = 'reversal'`
        yield* age(20)
      }
      yield* until(reversalCount, (count) => count === 4)
      assert.strictEqual((yield* paymentOf(json.id)).status, "unknown")
      yield* age(20)
      assert.strictEqual((yield* decided(json.id)).status, "reversed")
      yield* assertBooksAgree
    })
  )

  it.effect("leaves a payment that somebody holds for later, and looks after the others", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const held = (yield* charge()).json.id
      yield* sql`UPDATE transactions SET status = 'submitting', lease_until = now() - interval '1 hour'`
      yield* sql`UPDATE payments SET first_status = 'submitting', calls = 1, authorized = 0, captured = 0`
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`SELECT 1 AS one FROM payments FOR UPDATE`
          assert.strictEqual((yield* decided((yield* charge()).json.id)).status, "reversed")
        })
      )
      yield* until(paymentOf(held), ({ status }) => status === "reversed")
    })
  )

  it.effect(
    "gives each of the many calls of a dead process its reversal in good time",
    () =>
      Effect.gen(function* () {
        yield* fresh
        const { charge, simulator } = yield* TestService
        const sql = yield* PgClient.PgClient
        yield* charge()
        yield* sql`WITH made AS (
          INSERT INTO payments (id, merchant_id, environment, type, first_status, currency, amount, metadata)
          SELECT gen_random_uuid(), merchant_id, environment, 'sale', 'submitting', currency, amount, metadata
          FROM payments, generate_series(1, 500) RETURNING id
        )
        INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount, merch_nbr,
          batch_id, tran_nbr, send_by, lease_until, created_at)
        SELECT gen_random_uuid(), made.id, merchant_id, environment, terminal_id, 'sale', 'submitting', amount, merch_nbr,
          batch_id, nextval('tran_nbr'), now(), now() - interval '1 second', now() - interval '30 seconds'
        FROM made, transactions`
        yield* until(reversalCount, (count) => count === 500)
        yield* age(60)
        const failed = sql`SELECT 1 AS one FROM payments WHERE status = 'failed'`
        yield* until(failed, ({ length }) => length === 500)
        assert.strictEqual((yield* simulator.requests(reversals)).length, 1000)
        yield* assertBooksAgree
      }),
    30_000
  )

  it.effect("sees a suspended merchant and a revoked key in the claim, whatever a cache says", () =>
    Effect.gen(function* () {
      yield* fresh
      const { charge, makeMerchant, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const other = yield* makeMerchant()
      const as = { key: other.keys.all }
      assert.strictEqual((yield* charge({}, as)).status, 201)
      // Behind the back of this process, as another process would.
      yield* sql`UPDATE merchants SET status = 'suspended' WHERE name = 'Shop 2'`
      assert.strictEqual((yield* charge({}, as)).json.code, "merchant_suspended")
      yield* sql`UPDATE merchants SET status = 'active' WHERE name = 'Shop 2'`
      yield* sql`UPDATE api_keys SET revoked_at = now() WHERE merchant_id = (SELECT id FROM merchants WHERE name = 'Shop 2')`
      const refused = yield* charge({}, as)
      assert.deepStrictEqual([refused.status, refused.json.code], [401, "invalid_api_key"])
      assert.strictEqual((yield* simulator.requests(sales)).length, 1)
    })
  )

  it.effect(
    "keeps both books equal while Postgres drops connections under load",
    () =>
      Effect.gen(function* () {
        yield* fresh
        const { charge } = yield* TestService
        const sql = yield* PgClient.PgClient
        const killing = yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'payment-service%'`.pipe(
          Effect.repeat(Schedule.spaced("150 millis")),
          TestClock.withLive,
          Effect.forkChild
        )
        const answers = yield* Effect.all(
          Array.from({ length: 120 }, () => charge()),
          { concurrency: 8 }
        )
        yield* Fiber.interrupt(killing)
        for (const { json, status } of answers) {
          if (status === 202) yield* decided(json.id)
          else assert.include([201, 503], status)
        }
        assert.isAbove(answers.filter(({ status }) => status === 201).length, 60)
        yield* assertBooksAgree
      }),
    30_000
  )
})
