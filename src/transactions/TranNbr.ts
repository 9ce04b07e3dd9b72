import { Context, Effect, Layer, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { auditEntry, auditInsert } from "../postgres/AuditEntry.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf } from "../postgres/Row.ts"

/** The last number before the jump and after it; the next call gets the one behind. */
export const Jump = Schema.Struct({ from: Schema.Int, to: Schema.Int })

/** The numbers by which EPX knows calls: none may come twice under one MERCH_NBR. */
export class TranNbr extends Context.Service<
  TranNbr,
  {
    /** Leaves out the numbers that calls after a backup may have used, which a restored database does not know. */
    readonly jump: Effect.Effect<typeof Jump.Type, DatabaseUnavailable>
  }
>()("payment-service/transactions/TranNbr") {
  static readonly layer = Layer.effect(
    TranNbr,
    Effect.gen(function* () {
      const { plain } = yield* Database
      const random = yield* SecureRandom.SecureRandom

      const jump = Effect.gen(function* () {
        const audit = yield* auditEntry(random, "tran_nbr.jumped", {})
        // The sequence ends at 9,999,999,999 and begins anew.
        const jumped = yield* jumpRow(
          plain(
            (sql) => sql`
              WITH seen AS MATERIALIZED (SELECT last_value FROM tran_nbr), jumped AS MATERIALIZED (
                SELECT last_value, setval('tran_nbr', 1 + (last_value + ${distance}::int8) % 9999999998) AS next
                FROM seen
              ), audited AS (${auditInsert(sql, audit, {}, "jumped")})
              SELECT last_value::float8 AS "from", next::float8 AS "to" FROM jumped`
          )
        )
        return Option.getOrThrow(jumped)
      })

      return TranNbr.of({ jump: Effect.withSpan(jump, "TranNbr.jump") })
    })
  )
}

/** More than are used between two backups. */
const distance = 10_000_000

const jumpRow = rowOf(Jump)
