import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ApiKeyIds, PaymentIds } from "../../src/domain/Ids.ts"
import { Amount } from "../../src/domain/Money.ts"
import { testBrics } from "../../src/simulator/Cards.ts"
import { standingStatement } from "../../src/transactions/charges/ChargeStatements.ts"
import { dueStatement } from "../../src/transactions/doubts/DoubtStatements.ts"
import { isTombstoneStatement } from "../../src/transactions/follow-ups/CancelStatements.ts"
import { prospectStatement } from "../../src/transactions/follow-ups/FollowUpStatements.ts"
import { seedHistory } from "../support/History.ts"
import { planOf } from "../support/Plan.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

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
      const uuid = "019ab000-0000-7a10-8000-000000000100"
      const keyId = ApiKeyIds.fromUuid(uuid)
      const asked = { ...tenant, keyId, idempotencyKey: "key 256", fingerprint: new Uint8Array(32) }
      for (const statement of [
        isTombstoneStatement(sql, tenant, "key 256"),
        standingStatement(sql, { ...asked, ...charge }, null),
        prospectStatement(sql, { ...asked, type: "void", paymentId: PaymentIds.fromUuid(uuid), targetId: null })
      ]) {
        const { indexes, wholes } = yield* planOf(statement)
        assert.include(indexes, "transactions_idempotency_key")
        for (const table of ["payments", "transactions"]) assert.notInclude(wholes, table)
      }
    })
  )
})
