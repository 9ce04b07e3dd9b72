import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { Amount } from "../../src/domain/Money.ts"
import { findStatement, listStatement } from "../../src/payments/PaymentStatements.ts"
import { testBrics } from "../../src/simulator/Cards.ts"
import { claimStatement, standingStatement } from "../../src/transactions/charges/ChargeStatements.ts"
import { settleChargesStatement } from "../../src/transactions/charges/SettleChargesStatement.ts"
import { dueStatement } from "../../src/transactions/doubts/DoubtStatements.ts"
import { isTombstoneStatement } from "../../src/transactions/follow-ups/CancelStatements.ts"
import { prospectStatement } from "../../src/transactions/follow-ups/FollowUpStatements.ts"
import { seedHistory } from "../support/History.ts"
import { genericPlanOf, planOf } from "../support/Plan.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const uuid = "019ab000-0000-7a10-8000-000000000100"

const charge = {
  type: "sale" as const,
  amount: Amount.make(100),
  currency: "USD" as const,
  bric: Redacted.make(testBrics.visa),
  billing: {},
  customerId: null,
  orderRef: null,
  metadata: {},
  allowDuplicate: true
}

layer(TestDatabase.layerClient)("among unknown outcomes", (it) => {
  it.effect("charges that can still be reversed come first", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* seedHistory("a", 40)
      yield* sql`UPDATE transactions SET status = 'unknown', next_attempt_at = now() - interval '1 minute',
        created_at = now() - tran_nbr * interval '1 minute'`
      const due = yield* sql`SELECT t.tran_nbr::int4 AS number FROM (${dueStatement(sql, 3, [])}) AS due
        JOIN transactions t ON t.id = due.id`
      assert.sameMembers(
        due.map(({ number }) => number),
        [1, 40, 39]
      )
    })
  )
})

layer(TestDatabase.layerClient)("among many payments", (it) => {
  it.effect("why a call is refused is found without reading what others did", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const tenant = yield* seedHistory("a", 20_000)
      yield* sql`UPDATE transactions SET idempotency_key = 'key ' || tran_nbr`
      yield* sql`ANALYZE transactions`
      const keyId = ApiKeyIds.fromUuid(uuid)
      const asked = { ...tenant, keyId, idempotencyKey: "key 256", fingerprint: new Uint8Array(32) }
      for (const statement of [
        isTombstoneStatement(sql, tenant, "key 256"),
        standingStatement(sql, { ...asked, ...charge }, null),
        prospectStatement(sql, { ...asked, type: "void", paymentId: PaymentIds.fromUuid(uuid), targetId: null })
      ]) {
        for (const { indexes, wholes } of [yield* planOf(statement), yield* genericPlanOf(statement)]) {
          assert.include(indexes, "transactions_idempotency_key")
          for (const table of ["payments", "transactions"]) assert.notInclude(wholes, table)
        }
      }
    })
  )

  it.effect("a page of a merchant's is read from an index in order", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      // Older than ours, or else the ids alone would lead to our payments.
      yield* seedHistory("b", 20_000)
      const tenant = yield* seedHistory("c", 500)
      yield* sql`ANALYZE payments`
      for (const [change, index] of [
        [{}, "payments_list"],
        [{ status: "declined" }, "payments_list_by_status"],
        [{ before: PaymentIds.fromUuid("019ab000-0000-7c10-8000-000000000200") }, "payments_list"]
      ] as const) {
        const statement = listStatement(sql, tenant, { before: null, status: null, fields: null, limit: 26, ...change })
        for (const { indexes, nodes, wholes } of [yield* planOf(statement), yield* genericPlanOf(statement)]) {
          assert.include(indexes, index)
          // What is sorted further down are the transactions of one payment.
          assert.include(nodes[1], "Index")
          assert.deepStrictEqual(wholes, [])
        }
      }
    })
  )

  it.effect("several that are read together are found by their ids", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const tenant = yield* seedHistory("d", 20_000)
      yield* sql`ANALYZE payments, transactions`
      const asked = Array.from({ length: 32 }, () => ({ ...tenant, id: PaymentIds.fromUuid(uuid) }))
      const { indexes, wholes } = yield* genericPlanOf(findStatement(sql, asked))
      assert.includeMembers([...indexes], ["payments_pkey", "transactions_payment_id"])
      assert.deepStrictEqual(wholes, [])
    })
  )

  // Planned once for whatever comes, and for a server that has seen no payment yet.
  it.effect("those that are claimed or settled together are found by their ids", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const tenant = { merchantId: MerchantIds.fromUuid(uuid), environment: "test" as const }
      const keyId = ApiKeyIds.fromUuid(uuid)
      const asked = { ...tenant, keyId, idempotencyKey: "key", fingerprint: new Uint8Array(32) }
      const ids = { paymentId: PaymentIds.fromUuid(uuid), transactionId: TransactionIds.fromUuid(uuid) }
      const claim = { ...ids, source: new Uint8Array(32), duplicate: null, traceId: null }
      const call = { id: ids.transactionId, paymentId: ids.paymentId, type: "sale", amount: 100, target: null } as const
      const settlement = {
        status: "approved",
        answer: null,
        decline: null,
        doubt: null,
        isParked: false,
        undo: null
      } as const
      const bric = { sealed: null, keyId: null, fingerprint: null }
      const claimed = yield* genericPlanOf(claimStatement(sql, [{ charge: { ...asked, ...charge }, claim }]))
      const settled = yield* genericPlanOf(
        settleChargesStatement(sql, [{ call, settlement, bric, eventIds: [uuid, uuid] }])
      )
      assert.deepStrictEqual([...claimed.wholes, ...settled.wholes], [])
      assert.include(settled.indexes, "payments_pkey")
      assert.isTrue(settled.indexes.some((name) => /^transactions_(?:pkey|payment_id)$/.test(name)))
      // It holds every call that is under way.
      assert.notInclude(settled.indexes, "transactions_leased")
      for (const node of ["Hash Join", "Merge Join"]) assert.notInclude([...claimed.nodes, ...settled.nodes], node)
    })
  )
})
