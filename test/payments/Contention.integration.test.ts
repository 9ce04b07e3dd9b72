import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { PaymentIds } from "../../src/domain/Ids.ts"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"
import { outcome, paymentOf, post, sent, settleAll, tagOf, until } from "./Asked.ts"

const wordsOf = (answers: ReadonlyArray<HttpAnswer>) => answers.map((answer) => outcome(answer).join(" "))

const inParallel = { concurrency: "unbounded" } as const

/** Four requests; the payment is held until they wait for it, each with what its statement has seen before. */
const waiting = Effect.fnUntraced(function* (id: string, route: string, body: object, ifMatch?: string) {
  const sql = yield* PgClient.PgClient
  const uuid = PaymentIds.toUuid(PaymentIds.Id.make(id))
  // One connection may be at something else.
  const waiters = sql`SELECT pid FROM pg_locks WHERE NOT granted`
  const asked = yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`SELECT 1 AS one FROM payments WHERE id = ${uuid}::uuid FOR UPDATE`
      const asked = ifMatch === undefined ? {} : { ifMatch }
      const requests = Array.from({ length: 4 }, () => post(id, route, body, asked))
      const asking = yield* Effect.forkChild(Effect.all(requests, inParallel), { startImmediately: true })
      yield* until(waiters, ({ length }) => length >= 3)
      return asking
    })
  )
  return (yield* Fiber.join(asked)).map(outcome)
})

const made = (change: object = {}) =>
  Effect.gen(function* () {
    const { charge } = yield* TestService
    const id: string = (yield* charge(change)).json.id
    return id
  })

layer(TestService.layer)("requests that come together", (it) => {
  it.effect("capture once what all of them have waited for", () =>
    Effect.gen(function* () {
      const id = yield* made({ capture: false })
      const before = yield* sent("CCE4")
      const outcomes = yield* waiting(id, "capture", {})
      assert.deepStrictEqual(outcomes.map(([status]) => status).sort(), [201, 409, 409, 409])
      assert.strictEqual(yield* sent("CCE4"), before + 1)
      const { amount_captured, status } = yield* paymentOf(id)
      assert.deepStrictEqual([status, amount_captured], ["captured", 1999])
    })
  )

  it.effect("refund no more than there is, however long they have waited", () =>
    Effect.gen(function* () {
      const id = yield* made()
      yield* settleAll
      const before = yield* sent("CCE9")
      const outcomes = yield* waiting(id, "refunds", { amount: 800 })
      assert.deepStrictEqual(outcomes.map(([status]) => status).sort(), [201, 201, 422, 422])
      assert.strictEqual(yield* sent("CCE9"), before + 2)
      const { amount_refundable, amount_refunded } = yield* paymentOf(id)
      assert.deepStrictEqual([amount_refunded, amount_refundable], [1600, 399])
    })
  )

  it.effect("refund once what all of them have seen in one version, though there is enough for each", () =>
    Effect.gen(function* () {
      const id = yield* made()
      yield* settleAll
      const before = yield* sent("CCE9")
      const outcomes = yield* waiting(id, "refunds", { amount: 300 }, yield* tagOf(id))
      assert.deepStrictEqual(outcomes.map((each) => each.join(" ")).sort(), [
        "201 partially_refunded",
        ...Array.from({ length: 3 }, () => "412 precondition_failed")
      ])
      assert.strictEqual(yield* sent("CCE9"), before + 1)
      assert.strictEqual((yield* paymentOf(id)).amount_refunded, 300)
    })
  )

  it.effect("capture once what both have seen in one version, and the other one is told that it has changed", () =>
    Effect.gen(function* () {
      const id = yield* made({ capture: false })
      const asked = { ifMatch: yield* tagOf(id) }
      const before = yield* sent("CCE4")
      const both = [post(id, "capture", { amount: 500 }, asked), post(id, "capture", { amount: 500 }, asked)]
      const words = wordsOf(yield* Effect.all(both, inParallel))
      assert.deepStrictEqual(words.toSorted(), ["201 captured", "412 precondition_failed"])
      assert.strictEqual(yield* sent("CCE4"), before + 1)
    })
  )

  it.effect("capture nothing that is being voided", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const id = yield* made({ capture: false })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "SLOW_600" })
      const before = yield* sent("CCE7")
      const voiding = yield* Effect.forkChild(post(id, "void"))
      yield* until(sent("CCE7"), (count) => count === before + 1)
      assert.deepStrictEqual(outcome(yield* post(id, "capture")), [409, "payment_busy"])
      assert.deepStrictEqual(outcome(yield* Fiber.join(voiding)), [201, "voided"])
    })
  )

  it.effect("charge once for one key, though none is recorded when the others look", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* sql`CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$`
      yield* sql`CREATE TRIGGER linger BEFORE INSERT ON transactions FOR EACH ROW EXECUTE FUNCTION linger()`
      const before = yield* sent("CCE1")
      const idempotencyKey = randomUUID()
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => charge({}, { idempotencyKey })),
        inParallel
      ).pipe(Effect.ensuring(Effect.orDie(sql`DROP FUNCTION linger CASCADE`)))
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
      assert.strictEqual(new Set(answers.map(({ json }) => json.id)).size, 1)
      assert.strictEqual(yield* sent("CCE1"), before + 1)
    })
  )

  it.effect("charge once for one order, though each has a key of its own", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const before = yield* sent("CCE1")
      const order_ref = randomUUID()
      const others = Array.from({ length: 10 }, () => charge({ order_ref: randomUUID() }))
      const same = Array.from({ length: 10 }, () => charge({ order_ref }))
      const [told, rest] = yield* Effect.all([Effect.all(same, inParallel), Effect.all(others, inParallel)], inParallel)
      assert.deepStrictEqual(
        wordsOf(rest),
        Array.from({ length: 10 }, () => "201 captured")
      )
      assert.deepStrictEqual(wordsOf(told).toSorted(), [
        "201 captured",
        ...Array.from({ length: 9 }, () => "409 possible_duplicate")
      ])
      assert.strictEqual(yield* sent("CCE1"), before + 11)
    })
  )

  it.effect("are settled though the payment of one of them is held", () =>
    Effect.gen(function* () {
      const { charge, simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const keys = Array.from({ length: 8 }, () => randomUUID())
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_400", times: keys.length })
      const settledOf = (held: string) => sql`SELECT 1 AS one FROM transactions
        WHERE status = 'approved' AND idempotency_key IN ${sql.in(keys)} AND idempotency_key <> ${held}`
      const [held = ""] = keys
      const asking = yield* Effect.forkChild(
        Effect.all(
          keys.map((idempotencyKey) => charge({}, { idempotencyKey })),
          inParallel
        ),
        { startImmediately: true }
      )
      const claimed = sql`SELECT payment_id::text AS id FROM transactions WHERE idempotency_key = ${held}`
      const [row] = yield* until(claimed, ({ length }) => length === 1)
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`SELECT 1 AS one FROM payments WHERE id = ${String(row?.id)}::uuid FOR UPDATE`
          yield* until(settledOf(held), ({ length }) => length === keys.length - 1)
        })
      )
      const answers = yield* Fiber.join(asking)
      assert.deepStrictEqual(
        wordsOf(answers),
        Array.from({ length: 8 }, () => "201 captured")
      )
    })
  )
})
