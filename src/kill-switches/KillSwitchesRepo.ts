import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type KillSwitchId, KillSwitchIds, type MerchantId, MerchantIds } from "../domain/Ids.ts"
import { KillSwitch } from "../domain/KillSwitch.ts"
import { auditEntry, auditInsert } from "../postgres/AuditEntry.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"

/** Without a merchant it holds for all. */
export interface KillSwitchToInsert extends Pick<KillSwitch, "operation" | "reason"> {
  readonly merchant_id?: MerchantId
}

/** Each change is one commit with its audit event. */
export class KillSwitchesRepo extends Context.Service<
  KillSwitchesRepo,
  {
    /** None: there is no such merchant. */
    insert(id: KillSwitchId, asked: KillSwitchToInsert): Effect.Effect<Option.Option<KillSwitch>, DatabaseUnavailable>
    /** None: it is not in force. */
    delete(id: KillSwitchId): Effect.Effect<Option.Option<KillSwitch>, DatabaseUnavailable>
    /** Newest first, from behind `after` on. */
    list(limit: number, after: KillSwitchId | undefined): Effect.Effect<ReadonlyArray<KillSwitch>, DatabaseUnavailable>
  }
>()("payment-service/kill-switches/KillSwitchesRepo") {
  static readonly layer = Layer.effect(
    KillSwitchesRepo,
    Effect.gen(function* () {
      const { pipelined, plain } = yield* Database
      const random = yield* SecureRandom.SecureRandom

      const insert = Effect.fn("KillSwitchesRepo.insert")(function* (id: KillSwitchId, asked: KillSwitchToInsert) {
        const { merchant_id = null, operation, reason } = asked
        const audit = yield* auditEntry(random, "kill_switch.thrown", { operation, reason })
        const merchant = merchant_id === null ? null : MerchantIds.toUuid(merchant_id)
        return yield* switchRow(
          plain(
            (sql) => sql`
              WITH s AS (
                INSERT INTO kill_switches (id, operation, merchant_id, reason)
                SELECT ${KillSwitchIds.toUuid(id)}::uuid, ${operation}, ${merchant}::uuid, ${reason}
                WHERE ${merchant}::uuid IS NULL OR EXISTS (SELECT 1 FROM merchants WHERE id = ${merchant}::uuid)
                ON CONFLICT (operation, merchant_id) DO UPDATE SET reason = excluded.reason
                RETURNING *
              ), audited AS (${auditInsert(sql, audit, { merchant: "s.merchant_id" }, "s")})
              SELECT ${sql.literal(columns)} FROM s`
          )
        )
      })

      const delete_ = Effect.fn("KillSwitchesRepo.delete")(function* (id: KillSwitchId) {
        const audit = yield* auditEntry(random, "kill_switch.lifted", { kill_switch_id: id })
        return yield* switchRow(
          plain(
            (sql) => sql`
              WITH s AS (DELETE FROM kill_switches WHERE id = ${KillSwitchIds.toUuid(id)}::uuid RETURNING *),
                audited AS (${auditInsert(sql, audit, { merchant: "s.merchant_id" }, "s")})
              SELECT ${sql.literal(columns)} FROM s`
          )
        )
      })

      const list = Effect.fn("KillSwitchesRepo.list")((limit: number, after: KillSwitchId | undefined) =>
        switchRows(pipelined((sql) => listStatement(sql, limit, after)))
      )

      return KillSwitchesRepo.of({ insert, delete: delete_, list })
    })
  )
}

const columns = "s.id, 'kill_switch' AS object, s.operation, s.merchant_id, s.reason, s.created_at"

const listStatement = (sql: PgClient.PgClient, limit: number, after: KillSwitchId | undefined) => sql`
  SELECT ${sql.literal(columns)} FROM kill_switches s
  ${after === undefined ? sql.literal("") : sql`WHERE s.id < ${KillSwitchIds.toUuid(after)}::uuid`}
  ORDER BY s.id DESC LIMIT ${limit}`

const Row = Schema.Struct({
  ...KillSwitch.fields,
  id: KillSwitchIds.Column,
  merchant_id: Schema.NullOr(MerchantIds.Column),
  created_at: Schema.DateTimeUtcFromDate
})

const switchRow = rowOf(Row)
const switchRows = rowsOf(Row)
