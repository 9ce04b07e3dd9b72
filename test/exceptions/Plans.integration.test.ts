import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as AuditEventsRepo from "../../src/audit/AuditEventsRepo.ts"
import { AuditEventIds, TransactionIds } from "../../src/domain/Ids.ts"
import { listStatement } from "../../src/exceptions/ExceptionStatements.ts"
import { unknownStatement } from "../../src/transactions/doubts/DoubtStatements.ts"
import { dueUndosStatement } from "../../src/transactions/upkeep/UpkeepStatements.ts"
import { seedHistory } from "../support/History.ts"
import { planOf } from "../support/Plan.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

layer(TestDatabase.layerClient)("among many payments", (it) => {
  it.effect("exceptions are found without reading what is well", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { environment, merchantId } = yield* seedHistory("a", 20_000)
      const starting_after = TransactionIds.fromUuid("019ab000-0000-7a20-8000-000000000100")
      for (const statement of [
        listStatement(sql, { limit: 25 }),
        listStatement(sql, { limit: 25, starting_after, environment, merchant_id: merchantId }),
        unknownStatement(sql),
        dueUndosStatement(sql, 32, [])
      ]) {
        const { indexes, wholes } = yield* planOf(statement)
        assert.include(indexes, "payments_undo")
        for (const table of ["payments", "transactions"]) assert.notInclude(wholes, table)
      }
      assert.include((yield* planOf(listStatement(sql, { limit: 25 }))).indexes, "transactions_unresolved")
      assert.include((yield* planOf(unknownStatement(sql))).indexes, "transactions_unresolved")
    })
  )

  it.effect("audit events are read from their index in order", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`INSERT INTO audit_events (id, action, detail)
        SELECT ('019ab000-0000-7a40-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'exception.resolved', '{}'
        FROM generate_series(1, 20000) AS n`
      yield* sql`ANALYZE audit_events`
      const starting_after = AuditEventIds.fromUuid("019ab000-0000-7a40-8000-000000000900")
      for (const query of [{ limit: 25 }, { limit: 25, starting_after, action: "exception.resolved" as const }]) {
        const { indexes, nodes, wholes } = yield* planOf(AuditEventsRepo.listStatement(sql, query))
        assert.lengthOf(indexes, 1)
        assert.match(indexes[0] ?? "", /^audit_events_(pkey|list)$/)
        assert.deepStrictEqual(wholes, [])
        assert.notInclude(nodes, "Sort")
      }
    })
  )
})
