import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Metric, Option, Redacted, Schema } from "effect"
import { Exception } from "../../src/domain/Exception.ts"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { bricPlace } from "../../src/postgres/SealedBric.ts"
import { settlement } from "../../src/transactions/Outcome.ts"
import { TransactionsRepo } from "../../src/transactions/TransactionsRepo.ts"
import { problemOf } from "../http/Problems.ts"
import { until } from "../payments/Asked.ts"
import { changesNothing } from "../security/Digest.ts"
import { TestService } from "../support/TestService.ts"
import { ask, exception, exceptionOf, giveUp, makeDoubtful, makeDoubtfulRefund, makeShop, resolve } from "./Doubtful.ts"

const evidence = "EPX case 4711: it is in their listing"

const auditOf = (payment: string) => Effect.map(ask(`/audit-events?payment_id=${payment}`), ({ json }) => json.data)

/** What the books say of a payment, by account. */
const booksOf = Effect.fnUntraced(function* (payment: string) {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<{ readonly account: string; readonly sum: number }>`
    SELECT account, sum(amount)::int4 AS sum FROM ledger_entries
    WHERE payment_id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment))}::uuid GROUP BY account`
  return Object.fromEntries(rows.map(({ account, sum }) => [account, sum]))
})

const eventsOf = Effect.fnUntraced(function* (payment: string) {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<{ readonly type: string }>`SELECT type FROM events
    WHERE payment_id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment))}::uuid ORDER BY id`
  return rows.map(({ type }) => type)
})

layer(TestService.layer)("GET /v1/exceptions", (it) => {
  it.effect("shows all that EPX may be asked by, and never a token", () =>
    Effect.gen(function* () {
      const { found, payment, shop } = yield* makeDoubtful()
      yield* Schema.decodeUnknownEffect(Exception)(found)
      const [cust_nbr, merch_nbr, dba_nbr, terminal_nbr] = shop.merchant.terminal.split("-")
      assert.deepInclude(found, {
        id: payment.transactions[0].id,
        kind: "unknown_outcome",
        outcomes: ["approved", "declined", "failed", "reversed"],
        environment: "test",
        merchant_id: shop.merchant.id,
        payment_id: payment.id,
        payment_status: "unknown",
        type: "sale",
        status: "unknown",
        amount: 1999,
        currency: "USD",
        undo: null,
        has_bric: false,
        lookups: 0
      })
      assert.deepInclude(found.terminal, { cust_nbr, merch_nbr, dba_nbr, terminal_nbr })
      assert.match(found.batch_id, /^\d{8}$/)
      assert.isAbove(found.tran_nbr, 0)
      assert.match(found.doubt, /^no_answer/)
      assert.isAtLeast(found.age_seconds, 180)
      assert.deepInclude(found.attempts[0], { kind: "reversal", status: "unknown", tran_nbr: found.tran_nbr })
      assert.notMatch(JSON.stringify(found), /bric_sealed|09LTEST/)
    })
  )

  it.effect("lists the oldest first, by page, environment and merchant; and nothing the service is still at", () =>
    Effect.gen(function* () {
      const first = yield* makeDoubtful()
      const second = yield* makeDoubtfulRefund
      const ids = (query: string) =>
        Effect.map(ask(`/exceptions?${query}`), ({ json }) => [
          json.data.map(({ id }: { id: string }) => id),
          json.has_more
        ])
      const page = yield* ids(`limit=1&starting_after=${first.found.id}&merchant_id=${second.shop.merchant.id}`)
      assert.deepStrictEqual(page, [[second.found.id], false])
      const all = (yield* ids("limit=100"))[0]
      assert.isBelow(all.indexOf(first.found.id), all.indexOf(second.found.id))
      assert.deepStrictEqual(yield* ids("limit=1"), [[all[0]], true])
      assert.deepStrictEqual(yield* ids("environment=live"), [[], false])
      assert.deepStrictEqual((yield* ids(`merchant_id=${first.shop.merchant.id}`))[0], [first.found.id])
      for (const query of ["limit=0", "environment=prod", "merchant_id=1", "starting_after=pay_1"]) {
        assert.deepStrictEqual(problemOf(yield* ask(`/exceptions?${query}`)).slice(0, 2), [400, "invalid_parameter"])
      }

      const shop = yield* makeShop
      yield* shop.breaks("RESET_AFTER", "CCE1")
      yield* shop.breaks("RESET_BEFORE", "CCE7")
      const working = yield* shop.charge()
      assert.strictEqual(working.status, "unknown")
      assert.isUndefined(yield* exceptionOf(working.id))
      const early = yield* resolve(working.transactions[0].id)
      assert.deepStrictEqual(problemOf(early), [409, "exception_not_open"])
    })
  )

  it.effect("is spared where the terminal can look up what became of its calls", () =>
    Effect.gen(function* () {
      const { operatorKey, requestOps, simulator } = yield* TestService
      const shop = yield* makeShop
      const merchant = yield* ask(`/merchants/${shop.merchant.id}`)
      const given = yield* requestOps({
        method: "PATCH",
        path: `/v1/merchants/${shop.merchant.id}/terminals/${merchant.json.terminals[0].id}`,
        key: operatorKey,
        json: { lookup_key: simulator.epiKey }
      })
      assert.strictEqual(given.json.has_lookup_key, true)
      yield* shop.breaks("RESET_AFTER", "CCE1")
      yield* shop.breaks("RESET_BEFORE", "CCE7")
      const payment = yield* shop.charge()
      yield* giveUp(payment.id)
      const read = yield* until(shop.read(payment.id), ({ status }) => status !== "unknown")
      assert.isUndefined(yield* exceptionOf(payment.id))
      const { request } = yield* TestService
      const timeline = yield* request({ path: `/v1/payments/${read.id}/timeline`, key: shop.merchant.keys.read })
      assert.deepInclude(timeline.json.transactions[0], { resolved_by: "lookup", lookups: 1 })
    })
  )

  it.effect("is counted, with the age of the oldest", () =>
    Effect.gen(function* () {
      yield* makeDoubtful()
      const read = Effect.flatMap(TestService, ({ requestOps }) =>
        Effect.map(requestOps({ path: "/metrics" }), ({ text }) => text)
      )
      const valueOf = (text: string, name: string) => Number(new RegExp(`^${name} ([\\d.]+)$`, "m").exec(text)?.[1])
      const text = yield* until(read, (text) => valueOf(text, "exceptions_oldest_age_seconds") > 180)
      assert.isAtLeast(valueOf(text, "exceptions_open"), 1)
    })
  )
})

layer(TestService.layer)("POST /v1/exceptions/{id}/resolve", (it) => {
  const outcomes = [
    ["approved", "captured", 1999, { receivable: 1999, cardholder: -1999 }, "payment.captured"],
    ["declined", "declined", 0, {}, "payment.declined"],
    ["failed", "failed", 0, {}, "payment.failed"],
    ["reversed", "reversed", 0, {}, "payment.reversed"]
  ] as const
  for (const [outcome, status, captured, books, event] of outcomes) {
    it.effect(`takes a sale for ${outcome}, with totals, books, event and audit in one commit`, () =>
      Effect.gen(function* () {
        const { found, payment, shop } = yield* makeDoubtful()
        const { json, status: http } = yield* resolve(found.id, { outcome, evidence })
        assert.strictEqual(http, 200)
        assert.deepInclude(json, { object: "resolution", transaction_id: found.id, outcome })
        assert.deepInclude(json.payment, { id: payment.id, status, amount_captured: captured })
        assert.deepStrictEqual(yield* shop.read(payment.id), json.payment)
        assert.deepStrictEqual(yield* booksOf(payment.id), books)
        assert.strictEqual((yield* eventsOf(payment.id)).at(-1), event)
        assert.isUndefined(yield* exceptionOf(payment.id))
        const [audit, ...others] = yield* auditOf(payment.id)
        assert.lengthOf(others, 0)
        assert.deepInclude(audit, {
          id: json.audit_event_id,
          action: "exception.resolved",
          merchant_id: shop.merchant.id,
          payment_id: payment.id,
          transaction_id: found.id
        })
        assert.deepStrictEqual(audit.detail, { outcome, evidence })
        assert.match(audit.api_key_id, /^key_/)
        assert.match(audit.request_id, /^req_/)

        const again = yield* changesNothing(resolve(found.id, { outcome: "failed" }))
        assert.deepStrictEqual(problemOf(again), [409, "exception_resolved"])
        assert.strictEqual(again.json.resolved_by, "operator")
      })
    )
  }

  it.effect("holds what an authorization holds, so that it can be captured by the token given", () =>
    Effect.gen(function* () {
      const { found, payment, shop } = yield* makeDoubtful({ capture: false })
      const bric = "CANARYBRIC00000000AB"
      const { json, text } = yield* resolve(found.id, { outcome: "approved", bric, authorization_code: "A1B2C3" })
      assert.deepInclude(json.payment, { status: "authorized", amount_capturable: 1999 })
      assert.strictEqual(json.payment.transactions[0].authorization_code, "A1B2C3")
      assert.notInclude(text, bric)
      assert.deepStrictEqual(yield* booksOf(payment.id), { held: 1999, cardholder: -1999 })
      const sql = yield* PgClient.PgClient
      const cipher = yield* ColumnCipher
      const id = TransactionIds.Id.make(found.id)
      const [row] = yield* sql<{ readonly keyId: string; readonly sealed: Uint8Array }>`
        SELECT bric_key_id AS "keyId", bric_sealed AS sealed FROM transactions
        WHERE id = ${TransactionIds.toUuid(id)}::uuid`
      if (row === undefined) return assert.fail("the token is not stored")
      assert.strictEqual(Redacted.value(yield* cipher.unseal(row, bricPlace(id))), bric)
      assert.notInclude(JSON.stringify(yield* auditOf(payment.id)), bric)
      // It goes to EPX, which does not know this one.
      const captured = yield* shop.post(payment.id, "capture")
      assert.strictEqual(captured.json.transactions?.at(-1)?.type, "capture", captured.text)
    })
  )

  it.effect("books no more than was approved", () =>
    Effect.gen(function* () {
      const { found, payment } = yield* makeDoubtful()
      const more = yield* changesNothing(resolve(found.id, { outcome: "approved", amount: 2000 }))
      assert.deepStrictEqual(problemOf(more), [422, "amount_not_allowed"])
      const none = yield* changesNothing(resolve(found.id, { amount: 500 }))
      assert.deepStrictEqual(problemOf(none), [422, "validation_failed", "/amount"])
      const { json } = yield* resolve(found.id, { outcome: "approved", amount: 500 })
      assert.deepInclude(json.payment, { status: "captured", amount_authorized: 500, amount_captured: 500 })
      assert.deepStrictEqual(yield* booksOf(payment.id), { receivable: 500, cardholder: -500 })
      assert.deepInclude((yield* auditOf(payment.id))[0].detail, { outcome: "approved", amount: 500 })

      const refund = yield* makeDoubtfulRefund
      const part = yield* changesNothing(resolve(refund.found.id, { outcome: "approved", amount: 100 }))
      assert.deepStrictEqual(problemOf(part), [422, "amount_not_allowed"])
    })
  )

  it.effect("without a token leaves what stands to people, and says so", () =>
    Effect.gen(function* () {
      const { found, payment, shop } = yield* makeDoubtful()
      yield* resolve(found.id, { outcome: "approved" })
      assert.deepStrictEqual(problemOf(yield* shop.post(payment.id, "void")), [409, "bric_missing"])
    })
  )

  it.effect("gives a refund back, or frees its amount", () =>
    Effect.gen(function* () {
      for (const [outcome, refunded, refundable, status] of [
        ["approved", 500, 1499, "partially_refunded"],
        ["failed", 0, 1999, "captured"]
      ] as const) {
        const { found, payment } = yield* makeDoubtfulRefund
        assert.deepStrictEqual(found.outcomes, ["approved", "declined", "failed"])
        const wrong = yield* changesNothing(resolve(found.id, { outcome: "reversed" }))
        assert.deepStrictEqual(problemOf(wrong), [422, "outcome_not_allowed"])
        const { json } = yield* resolve(found.id, { outcome })
        assert.deepInclude(json.payment, { status, amount_refunded: refunded, amount_refundable: refundable })
        assert.strictEqual((yield* booksOf(payment.id))["receivable"] ?? 0, refunded === 0 ? 0 : -500)
        assert.include(yield* eventsOf(payment.id), `refund.${outcome}`)
      }
    })
  )

  it.effect("does not take back that an approved payment is to be undone", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { found, payment, shop } = yield* makeDoubtful()
      const id = PaymentIds.toUuid(PaymentIds.Id.make(payment.id))
      yield* sql`UPDATE payments SET undo = 'canceled' WHERE id = ${id}::uuid`
      const { json } = yield* resolve(found.id, { outcome: "approved" })
      assert.strictEqual(json.payment.status, "processing")
      // Without a token the service cannot go on, which is another exception after a while.
      assert.isUndefined(yield* exceptionOf(payment.id))
      yield* sql`UPDATE payments SET updated_at = now() - interval '11 minutes' WHERE id = ${id}::uuid`
      const stalled = yield* exception(payment.id)
      assert.deepInclude(stalled, { id: found.id, kind: "stalled_undo", undo: "canceled", status: "approved" })
      assert.deepStrictEqual(stalled.outcomes, ["approved", "declined", "failed"])
      const undone = yield* resolve(found.id, { outcome: "approved", evidence })
      assert.deepInclude(undone.json.payment, { status: "voided", amount_captured: 0 })
      assert.notStrictEqual(undone.json.transaction_id, found.id)
      assert.deepStrictEqual(yield* booksOf(payment.id), { receivable: 0, cardholder: 0 })
      assert.deepStrictEqual((yield* eventsOf(payment.id)).slice(-3), [
        "void.unknown",
        "void.approved",
        "payment.voided"
      ])
      assert.lengthOf(yield* auditOf(payment.id), 2)
      assert.deepStrictEqual(problemOf(yield* resolve(found.id)), [409, "exception_resolved"])
      assert.strictEqual((yield* shop.read(payment.id)).status, "voided")
    })
  )

  it.effect("ends an undo that cannot be done: what stands, stands", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const shop = yield* makeShop
      const payment = yield* shop.charge({ capture: false })
      yield* shop.post(payment.id, "capture", { amount: 1500 })
      // EPX trigger list: any decline will do.
      yield* shop.breaks("CODE_51", "CCEX")
      yield* sql`UPDATE payments SET undo = 'requested' WHERE id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment.id))}::uuid`
      const found = yield* exception(payment.id)
      assert.deepInclude(found, { kind: "stalled_undo", type: "capture" })
      const { transactions } = yield* shop.read(payment.id)
      const { simulator } = yield* TestService
      const sent = simulator.requests({ fields: { TRAN_TYPE: "CCEX", MERCH_NBR: found.terminal.merch_nbr } })
      assert.lengthOf(yield* sent, 1, "a refused void is not repeated")
      assert.strictEqual(transactions.at(-1).status, "declined")
      const { json } = yield* resolve(found.id, { outcome: "failed", evidence })
      assert.deepInclude(json.payment, { status: "captured", amount_captured: 1500, amount_refundable: 1500 })
      assert.isUndefined(yield* exceptionOf(payment.id))
      assert.lengthOf(yield* sent, 1)
    })
  )

  it.effect("says no to a void that the service itself had begun, which then stops", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const shop = yield* makeShop
      yield* simulator.patchProfile({ partial_approvals: true }, shop.merchant.terminal)
      yield* shop.breaks("PARTIAL", "CCE1")
      yield* shop.breaks("REVERSAL_DECLINED", "CCE7")
      yield* shop.breaks("CODE_21", "CCEX")
      const payment = yield* shop.charge()
      const found = yield* exception(payment.id)
      assert.deepInclude(found, { kind: "unknown_outcome", type: "void", undo: "partial_approval" })
      const { json } = yield* resolve(found.id, { outcome: "declined", evidence })
      assert.strictEqual(json.payment.status, "captured")
      const sql = yield* PgClient.PgClient
      const [row] = yield* sql`SELECT undo, calls, doubts, pending_void FROM payments
        WHERE id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment.id))}::uuid`
      assert.deepStrictEqual(row, { undo: null, calls: 0, doubts: 0, pending_void: false })
    })
  )

  it.effect("refuses a body that is wrong or tells a secret, and changes nothing", () =>
    Effect.gen(function* () {
      const { found } = yield* makeDoubtfulRefund
      for (const [change, pointer] of [
        [{ outcome: "voided" }, "/outcome"],
        [{ evidence: "" }, "/evidence"],
        [{ evidence: "x".repeat(2001) }, "/evidence"],
        [{ evidence: " a" }, "/evidence"],
        [{ evidence: "a\u0000b" }, "/evidence"],
        [{ evidence: undefined }, "/evidence"],
        [{ evidence: "its token is CANARYBRIC00000000AB" }, "/evidence"],
        [{ evidence: "by op_test_x" }, "/evidence"],
        [{ bric: "CANARYBRIC00000000AB" }, "/bric"],
        [{ outcome: "approved", bric: "short" }, "/bric"],
        [{ authorization_code: "A1B2C3" }, "/authorization_code"],
        [{ outcome: "approved", authorization_code: "a" }, "/authorization_code"],
        [{ note: "x" }, "/note"]
      ] as const) {
        const answer = yield* changesNothing(resolve(found.id, change))
        assert.deepStrictEqual(problemOf(answer), [422, "validation_failed", pointer], JSON.stringify(change))
        assert.notInclude(answer.text, "CANARYBRIC")
      }
      const card = yield* changesNothing(resolve(found.id, { evidence: "charged 4111 1111 1111 1111" }))
      assert.deepStrictEqual(problemOf(card).slice(0, 2), [422, "card_number_refused"])
    })
  )

  it.effect("knows no probe, reversal or stranger, and refuses what was never in doubt", () =>
    Effect.gen(function* () {
      const { found, payment, shop } = yield* makeDoubtful()
      for (const id of [found.attempts[0].id, "txn_00000000000000000000000000"]) {
        assert.deepStrictEqual(problemOf(yield* resolve(id)), [404, "exception_not_found"])
      }
      assert.deepStrictEqual(problemOf(yield* resolve(payment.id)).slice(0, 2), [400, "invalid_parameter"])
      const good = yield* shop.charge()
      const answer = yield* changesNothing(resolve(good.transactions[0].id))
      assert.deepStrictEqual(problemOf(answer), [409, "exception_resolved"])
      assert.deepInclude(answer.json, { transaction_status: "approved", resolved_by: null })
    })
  )

  it.effect("lets one of two operators win", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 3; round++) {
        const { found, payment } = yield* makeDoubtful()
        const answers = yield* Effect.all(
          (["approved", "failed", "declined", "reversed"] as const).map((outcome) => resolve(found.id, { outcome })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 409, 409, 409])
        const [audit, ...others] = yield* auditOf(payment.id)
        assert.lengthOf(others, 0)
        assert.strictEqual(audit.detail.outcome, answers.find(({ status }) => status === 200)?.json.outcome)
      }
    })
  )

  it.effect("lets either an operator or what comes late by itself win, never both", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const wins: Array<string> = []
      for (let round = 0; round < 6; round++) {
        const { found, payment } = yield* makeDoubtful()
        const id = TransactionIds.Id.make(found.id)
        yield* sql`UPDATE transactions SET attempts = 0 WHERE id = ${TransactionIds.toUuid(id)}::uuid`
        const call = {
          id,
          paymentId: PaymentIds.Id.make(payment.id),
          type: "sale" as const,
          amount: 1999,
          target: null
        }
        const [operator] = yield* Effect.all(
          [
            resolve(found.id, { outcome: "failed" }),
            Effect.gen(function* () {
              const transactions = yield* TransactionsRepo
              yield* round % 2 === 0
                ? transactions.settle(call, settlement("approved"))
                : transactions.resolve(call, settlement("approved"), { by: "lookup", doneBy: null })
            }).pipe(Effect.provide(TransactionsRepo.layer))
          ],
          { concurrency: "unbounded" }
        )
        const hasWon = operator.status === 200
        wins.push(hasWon ? "operator" : "late")
        const audits = yield* auditOf(payment.id)
        assert.lengthOf(audits, Number(hasWon))
        assert.deepStrictEqual(yield* booksOf(payment.id), hasWon ? {} : { receivable: 1999, cardholder: -1999 })
        assert.lengthOf(yield* eventsOf(payment.id), 2)
      }
      yield* Effect.logInfo(wins.join(" "))
    })
  )

  it.effect("lets one of two operators win who end the same undo", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { found, payment } = yield* makeDoubtful()
      yield* resolve(found.id, { outcome: "approved" })
      yield* sql`UPDATE payments SET undo = 'canceled', updated_at = now() - interval '11 minutes'
        WHERE id = ${PaymentIds.toUuid(PaymentIds.Id.make(payment.id))}::uuid`
      const answers = yield* Effect.all(
        (["approved", "failed", "declined"] as const).map((outcome) => resolve(found.id, { outcome })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 409, 409])
      assert.lengthOf(yield* auditOf(payment.id), 2)
      assert.lengthOf(
        (yield* eventsOf(payment.id)).filter((type) => type === "void.unknown"),
        1
      )
    })
  )

  it.effect("does not come between the service and EPX, even if the service begins anew in the meantime", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { found, payment } = yield* makeDoubtful()
      const id = TransactionIds.Id.make(found.id)
      yield* sql`UPDATE transactions SET next_attempt_at = now() + interval '1 hour'
        WHERE id = ${TransactionIds.toUuid(id)}::uuid`
      const call = { id, paymentId: PaymentIds.Id.make(payment.id), type: "sale" as const, amount: 1999, target: null }
      const { resolve } = yield* Effect.provide(TransactionsRepo, TransactionsRepo.layer)
      const resolved = yield* resolve(call, settlement("approved"), { by: "operator", doneBy: null })
      assert.deepStrictEqual(resolved, Option.none())
    })
  )

  it.effect("is counted by its source", () =>
    Effect.gen(function* () {
      const count = Effect.map(Metric.snapshot, (metrics) =>
        metrics
          .filter(({ id }) => id === "transactions_resolved_total")
          .filter(({ attributes }) => attributes?.["source"] === "operator" && attributes?.["outcome"] === "declined")
          .reduce((sum, { state }) => sum + Number("count" in state ? state.count : 0), 0)
      )
      const { found } = yield* makeDoubtful()
      const before = yield* count
      yield* resolve(found.id, { outcome: "declined" })
      yield* resolve(found.id, { outcome: "declined" })
      assert.strictEqual((yield* count) - before, 1)
    })
  )
})
