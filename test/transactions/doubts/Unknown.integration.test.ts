import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { TerminalIds } from "../../../src/domain/Ids.ts"
import { ColumnCipher } from "../../../src/postgres/ColumnCipher.ts"
import { lookUpKeyPlace } from "../../../src/postgres/LookUpKey.ts"
import { decided, outcome, paymentOf, post, sent, settleAll, until } from "../../payments/Asked.ts"
import { emptied } from "../../support/Emptied.ts"
import { TestService } from "../../support/TestService.ts"

const fresh = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  yield* simulator.reset()
  yield* emptied
  yield* sql`UPDATE terminals SET lookup_key_sealed = NULL, lookup_key_id = NULL, multiple_captures = false`
})

/** Lets every terminal look up what became of its calls. */
const withLookUps = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const cipher = yield* ColumnCipher
  const sql = yield* PgClient.PgClient
  for (const { id } of yield* sql`SELECT id::text FROM terminals`) {
    const place = lookUpKeyPlace(TerminalIds.fromUuid(String(id)))
    const { keyId, sealed } = cipher.seal(Redacted.make(simulator.epiKey), place)
    yield* sql`UPDATE terminals SET lookup_key_sealed = ${sealed}, lookup_key_id = ${keyId} WHERE id = ${String(id)}::uuid`
  }
})

const made = (change: object = {}) =>
  Effect.flatMap(TestService, ({ charge }) => Effect.map(charge(change), ({ json }): string => json.id))

/** What is due later falls due now. */
const hurry = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`UPDATE transactions SET created_at = created_at - interval '1 day', next_attempt_at = now()
    WHERE status = 'unknown' AND next_attempt_at IS NOT NULL`
})

const parked = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  return yield* sql`SELECT type FROM transactions WHERE status = 'unknown' AND next_attempt_at IS NULL
    AND coalesce(probe_of, reversal_of) IS NULL`
})

const probes = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const rows =
    yield* sql`SELECT type || ' ' || status AS probe FROM transactions WHERE probe_of IS NOT NULL ORDER BY id`
  return rows.map(({ probe }) => probe)
})

const assertBooksAgree = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const sql = yield* PgClient.PgClient
  const [ours] = yield* sql`SELECT coalesce(sum(captured - refunded), 0)::int4 AS net,
    (SELECT coalesce(sum(amount), 0)::int4 FROM ledger_entries WHERE account IN ('receivable', 'settled')) AS entries
    FROM payments`
  const theirs = (yield* simulator.ledger()).reduce((sum, { net }) => sum + net, 0)
  assert.deepStrictEqual([ours?.net, ours?.entries], [theirs, theirs])
  assert.deepStrictEqual([yield* simulator.doubleCharges(), yield* simulator.doubleRefunds()], [[], []])
})

layer(TestService.layer)("a capture without an answer", (it) => {
  it.effect("is found to have been carried out when a second one is refused", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const id = yield* made({ capture: false })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE4" }, effect: "RESET_AFTER" })
      assert.deepStrictEqual(outcome(yield* post(id, "capture", { amount: 900 })), [202, "unknown"])
      const { amount_captured, status } = yield* decided(id)
      assert.deepStrictEqual([status, amount_captured], ["captured", 900])
      assert.deepStrictEqual(yield* probes, ["capture rejected"])
      // Its token went with its answer.
      assert.deepStrictEqual(outcome(yield* post(id, "void")), [409, "bric_missing"])
      yield* assertBooksAgree
    })
  )

  it.effect("is booked by what was asked, whatever amount came with an answer nobody believes", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const id = yield* made({ capture: false })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE4" }, effect: "CODE_68" })
      yield* post(id, "capture", { amount: 900 })
      const { amount_captured, status } = yield* decided(id)
      assert.deepStrictEqual([status, amount_captured], ["captured", 900])
      yield* assertBooksAgree
    })
  )

  it.effect("is replaced by a second one if it never arrived, and can be refunded", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const id = yield* made({ capture: false })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE4" }, effect: "RESET_BEFORE", times: 2 })
      assert.deepStrictEqual(outcome(yield* post(id, "capture", { amount: 900 })), [202, "unknown"])
      yield* until(probes, (made) => made[0] === "capture unknown")
      yield* sql`UPDATE transactions SET next_attempt_at = now(), created_at = created_at - interval '20 seconds'`
      assert.strictEqual((yield* decided(id)).status, "captured")
      assert.deepStrictEqual(yield* probes, ["capture unknown", "capture approved"])
      yield* settleAll
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", { amount: 100 })), [201, "partially_refunded"])
      yield* assertBooksAgree
    })
  )

  it.effect("is only looked up where the terminal could capture twice", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* sql`UPDATE terminals SET multiple_captures = true`
      const id = yield* made({ capture: false })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE4" }, effect: "RESET_AFTER" })
      assert.deepStrictEqual(outcome(yield* post(id, "capture", { amount: 900 })), [202, "unknown"])
      assert.deepStrictEqual(yield* until(parked, ({ length }) => length === 1), [{ type: "capture" }])
      assert.strictEqual(yield* sent("CCE4"), 1)
    })
  )
})

layer(TestService.layer)("a void without an answer", (it) => {
  for (const effect of ["RESET_AFTER", "RESET_BEFORE"]) {
    it.effect(`is repeated as a probe, and is done either way: ${effect}`, () =>
      Effect.gen(function* () {
        yield* fresh
        const { simulator } = yield* TestService
        for (const capture of [true, false]) {
          const id = yield* made({ capture })
          yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect })
          assert.deepStrictEqual(outcome(yield* post(id, "void")), [202, "unknown"])
          assert.strictEqual((yield* decided(id)).status, "voided")
        }
        const done = effect === "RESET_AFTER" ? "void rejected" : "void approved"
        assert.deepStrictEqual(yield* probes, [done, done])
        assert.strictEqual(yield* sent("CCEX"), 2)
        yield* assertBooksAgree
      })
    )
  }

  it.effect("goes by a void where the issuer refuses the reversal", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const id = yield* made()
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "REVERSAL_DECLINED" })
      yield* post(id, "void")
      assert.strictEqual((yield* decided(id)).status, "voided")
      assert.deepStrictEqual(yield* probes, ["void approved"])
      yield* assertBooksAgree
    })
  )

  it.effect("is not taken for done because its probe was refused for another reason", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const id = yield* made()
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "RESET_BEFORE" })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCEX" }, effect: "CODE_96" })
      yield* post(id, "void")
      yield* until(probes, (made) => made[0] === "void declined")
      assert.strictEqual((yield* paymentOf(id)).status, "unknown")
      yield* sql`UPDATE transactions SET next_attempt_at = now(), created_at = created_at - interval '20 seconds'`
      assert.strictEqual((yield* decided(id)).status, "voided")
      yield* assertBooksAgree
    })
  )

  it.effect("changes nothing where EPX has closed the batch", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const id = yield* made()
      yield* simulator.clock.advance("26 hours")
      yield* post(id, "void")
      assert.strictEqual((yield* decided(id)).status, "captured")
      assert.strictEqual((yield* paymentOf(id)).transactions.at(-1).status, "rejected")
      yield* settleAll
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", {})), [201, "refunded"])
      yield* assertBooksAgree
    })
  )
})

layer(TestService.layer)("a refund without an answer", (it) => {
  for (const effect of ["RESET_AFTER", "RESET_BEFORE"]) {
    it.effect(`is never repeated, and waits for people: ${effect}`, () =>
      Effect.gen(function* () {
        yield* fresh
        const { simulator } = yield* TestService
        const id = yield* made()
        yield* settleAll
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE9" }, effect })
        assert.deepStrictEqual(outcome(yield* post(id, "refunds", { amount: 500 })), [202, "unknown"])
        yield* until(parked, ({ length }) => length === 1)
        const { amount_refundable, status } = yield* paymentOf(id)
        assert.deepStrictEqual([status, amount_refundable], ["unknown", 1499])
        assert.deepStrictEqual([yield* sent("CCE9"), yield* probes], [1, []])
      })
    )
  }

  it.effect("is found in EPX's listing where the terminal may read that", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* withLookUps
      const { simulator } = yield* TestService
      const id = yield* made()
      yield* settleAll
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE9" }, effect: "RESET_AFTER" })
      assert.deepStrictEqual(outcome(yield* post(id, "refunds", { amount: 500 })), [202, "unknown"])
      yield* hurry
      assert.strictEqual((yield* decided(id)).status, "partially_refunded")
      assert.strictEqual(yield* sent("CCE9"), 1)
      yield* assertBooksAgree
    })
  )

  it.effect("has a day from when it was sent, even if it had to wait for that", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* withLookUps
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const id = yield* made()
      yield* post(id, "refunds", { amount: 500 })
      yield* sql`UPDATE transactions SET created_at = created_at - interval '25 hours'`
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE9" }, effect: "RESET_BEFORE" })
      yield* settleAll
      const refund = sql`SELECT lookups, next_attempt_at > now() + interval '10 seconds' AS waits FROM transactions
        WHERE type = 'refund' AND status = 'unknown' AND next_attempt_at IS NOT NULL`
      const [row] = yield* until(refund, ([row]) => row?.waits === true)
      assert.strictEqual(row?.lookups, 0)
    })
  )

  it.effect("is left to people if the listing never has it", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* withLookUps
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      const id = yield* made()
      yield* settleAll
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE9" }, effect: "RESET_BEFORE" })
      yield* post(id, "refunds", { amount: 500 })
      const lookups = Effect.map(sql`SELECT lookups FROM transactions WHERE type = 'refund'`, ([row]) => row?.lookups)
      for (const count of [1, 2, 3, 4, 5, 6]) {
        yield* hurry
        yield* until(lookups, (made) => Number(made) >= count)
      }
      yield* hurry
      yield* until(parked, ({ length }) => length === 1)
      assert.strictEqual((yield* paymentOf(id)).status, "unknown")
    })
  )
})

layer(TestService.layer)("an approval that comes after EPX has twice denied to know the charge", (it) => {
  it.effect("is voided, and the payment stays failed", () =>
    Effect.gen(function* () {
      yield* fresh
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "SLOW_1500" })
      const before = yield* sent("CCE1")
      const answer = yield* Effect.forkChild(Effect.flatMap(TestService, ({ charge }) => charge()))
      yield* until(sent("CCE1"), (count) => count > before)
      // As if another process had taken the call over and given it up in the meantime.
      yield* sql`UPDATE transactions SET status = 'failed', attempts = 2`
      yield* sql`UPDATE payments SET first_status = 'failed', calls = 0`
      yield* until(probes, (made) => made[0] === "void approved")
      yield* Fiber.join(answer)
      const [row] = yield* sql`SELECT status, late_response_code FROM transactions WHERE type = 'sale'`
      assert.deepStrictEqual({ ...row }, { status: "failed", late_response_code: "00" })
      yield* assertBooksAgree
    })
  )
})

layer(TestService.layer)("a charge whose every reversal was lost", (it) => {
  it.effect("is found in EPX's listing, and what stands there is voided", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* withLookUps
      const { simulator } = yield* TestService
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "RESET_BEFORE", times: 1 })
      const id = yield* made()
      yield* until(
        sql`SELECT 1 AS one FROM transactions WHERE type = 'reversal' AND status = 'unknown'`,
        ({ length }) => length === 1
      )
      yield* sql`UPDATE transactions SET created_at = created_at - interval '1 hour', next_attempt_at = now()
        WHERE type = 'sale'`
      const { status, transactions } = yield* decided(id)
      assert.deepStrictEqual(
        [status, transactions.at(-1).type, transactions.at(-1).reason],
        ["voided", "void", "late_approval"]
      )
      yield* assertBooksAgree
    })
  )
})
