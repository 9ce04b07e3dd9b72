import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PaymentIds, TransactionIds } from "../../../src/domain/Ids.ts"
import { isUndoStalled } from "../../../src/postgres/Exceptional.ts"
import { dueStatement, historyStatement } from "../../../src/transactions/doubts/DoubtStatements.ts"
import { seedHistory } from "../../support/History.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

const target = {
  id: TransactionIds.fromUuid("019ab000-0000-7a20-8000-000000000001"),
  paymentId: PaymentIds.fromUuid("019ab000-0000-7a10-8000-000000000001")
}

layer(TestDatabase.layerClient)("what is known of a payment in trouble", (it) => {
  it.effect("counts an answer that came late and may be an approval, so that no denial is believed", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* seedHistory("a", 1)
      yield* sql`UPDATE transactions SET status = 'unknown'`
      const isAnswered = (late: string | null) =>
        Effect.andThen(
          sql`UPDATE transactions SET late_status = ${late}::text`,
          Effect.map(historyStatement(sql, target), ([row]) => row?.["is_answered"])
        )
      for (const late of ["approved", "unknown"]) assert.strictEqual(yield* isAnswered(late), true)
      for (const late of ["declined", null]) assert.strictEqual(yield* isAnswered(late), false)
      yield* sql`UPDATE transactions SET response_code = '85'`
      assert.strictEqual(yield* isAnswered(null), true)
    })
  )

  it.effect("calls an undo stalled for its own voids that could not be sent, and not for probes", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`DELETE FROM events`
      yield* sql`DELETE FROM transactions`
      yield* sql`DELETE FROM payments`
      yield* seedHistory("b", 1)
      yield* sql`UPDATE payments SET undo = 'avs', first_status = 'approved'`
      yield* sql`INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
          target_id, probe_of, created_at)
        SELECT gen_random_uuid(), payment_id, merchant_id, environment, terminal_id, 'void', 'failed', amount, id, id,
          now() - interval '31 minutes'
        FROM transactions`
      const stalled = sql`SELECT p.id FROM payments p WHERE ${sql.literal(isUndoStalled)}`
      assert.lengthOf(yield* stalled, 0)
      yield* sql`UPDATE transactions SET probe_of = NULL`
      assert.lengthOf(yield* stalled, 1)
    })
  )
})

layer(TestDatabase.layerClient)("among unknown outcomes", (it) => {
  it.effect("charges that can still be reversed come first, and then what has been due for longest", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* seedHistory("a", 40)
      yield* sql`UPDATE transactions SET status = 'unknown',
        created_at = now() - tran_nbr * CASE WHEN tran_nbr < 3 THEN interval '50 seconds' ELSE interval '1 day' END,
        next_attempt_at = now() - CASE WHEN tran_nbr < 3 THEN interval '1 second' ELSE tran_nbr * interval '1 hour' END`
      const due = (limit: number, ...except: ReadonlyArray<string>) =>
        Effect.map(dueStatement(sql, limit, except), (rows) =>
          rows.map(({ id }) => Number.parseInt(String(id).slice(-12), 16))
        )
      assert.deepStrictEqual(yield* due(1), [2])
      assert.deepStrictEqual(yield* due(4), [2, 1, 40, 39])
      assert.deepStrictEqual(yield* due(2, "019ab000-0000-7a20-8000-000000000002"), [1, 40])
      assert.sameMembers(
        yield* due(100),
        Array.from({ length: 40 }, (_, index) => index + 1)
      )
      // Of an attempt that was due before its call was made, as clocks may say, nothing is left out either.
      yield* sql`UPDATE transactions SET created_at = now(), next_attempt_at = now() - interval '3 minutes'`
      assert.lengthOf(yield* due(100), 40)
    })
  )
})
