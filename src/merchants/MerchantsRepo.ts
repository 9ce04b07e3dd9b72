import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type MerchantId, MerchantIds, type TerminalId, TerminalIds } from "../domain/Ids.ts"
import type {
  Merchant,
  MerchantHasTerminal,
  MerchantStatus,
  NewTerminal,
  Settlement,
  Terminal,
  TerminalTaken
} from "../domain/Merchant.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"
import {
  conflictOf,
  insertTerminals,
  MerchantRow,
  merchantColumns,
  TerminalRow,
  terminalColumns
} from "./MerchantRow.ts"

/** A terminal and the id it is to have. */
export interface TerminalToInsert extends NewTerminal {
  readonly id: TerminalId
}

export interface MerchantToInsert {
  readonly id: MerchantId
  readonly name: string
  readonly terminals: ReadonlyArray<TerminalToInsert>
}

export interface MerchantChange {
  readonly name?: string
  readonly status?: MerchantStatus
}

/** `None` means that there is no such merchant, or that it has no such terminal. */
export class MerchantsRepo extends Context.Service<
  MerchantsRepo,
  {
    /** All of it, or nothing. */
    insert(
      merchant: MerchantToInsert
    ): Effect.Effect<Merchant, TerminalTaken | MerchantHasTerminal | DatabaseUnavailable>
    find(id: MerchantId): Effect.Effect<Option.Option<Merchant>, DatabaseUnavailable>
    /** Newest first, from behind `after` on. */
    list(limit: number, after: MerchantId | undefined): Effect.Effect<ReadonlyArray<Merchant>, DatabaseUnavailable>
    update(id: MerchantId, change: MerchantChange): Effect.Effect<Option.Option<Merchant>, DatabaseUnavailable>
    insertTerminal(
      merchantId: MerchantId,
      terminal: TerminalToInsert
    ): Effect.Effect<Option.Option<Terminal>, TerminalTaken | MerchantHasTerminal | DatabaseUnavailable>
    updateTerminal(
      merchantId: MerchantId,
      id: TerminalId,
      change: Partial<Settlement>
    ): Effect.Effect<Option.Option<Terminal>, DatabaseUnavailable>
  }
>()("payment-service/merchants/MerchantsRepo") {
  static readonly layer = Layer.effect(
    MerchantsRepo,
    Effect.gen(function* () {
      const { pipelined, plain } = yield* Database

      const insert = Effect.fn("MerchantsRepo.insert")(function* ({ id, name, terminals }: MerchantToInsert) {
        // The name `terminals` hides the table, which does not show the new rows before the statement is over.
        const rows = yield* plain(
          (sql) => sql`
            WITH m AS (INSERT INTO merchants (id, name) VALUES (${MerchantIds.toUuid(id)}, ${name}) RETURNING *),
              terminals AS (${insertion(sql, terminals)} RETURNING *)
            SELECT ${sql.literal(merchantColumns)} FROM m`
        ).pipe(Effect.catchTag("SqlError", conflictOf))
        return Option.getOrThrow(yield* merchantRow(Effect.succeed(rows)))
      })

      const find = Effect.fn("MerchantsRepo.find")((id: MerchantId) =>
        merchantRow(
          pipelined(
            (sql) => sql`SELECT ${sql.literal(merchantColumns)} FROM merchants m WHERE m.id = ${MerchantIds.toUuid(id)}`
          )
        )
      )

      const list = Effect.fn("MerchantsRepo.list")((limit: number, after: MerchantId | undefined) =>
        merchantRows(
          pipelined(
            (sql) => sql`
              SELECT ${sql.literal(merchantColumns)} FROM merchants m
              ${after === undefined ? sql.literal("") : sql`WHERE m.id < ${MerchantIds.toUuid(after)}`}
              ORDER BY m.id DESC LIMIT ${limit}`
          )
        )
      )

      const update = Effect.fn("MerchantsRepo.update")((id: MerchantId, change: MerchantChange) =>
        merchantRow(
          plain(
            (sql) => sql`
              UPDATE merchants m
              SET name = coalesce(${change.name ?? null}, name), status = coalesce(${change.status ?? null}, status),
                updated_at = now()
              WHERE m.id = ${MerchantIds.toUuid(id)}
              RETURNING ${sql.literal(merchantColumns)}`
          )
        )
      )

      const insertTerminal = Effect.fn("MerchantsRepo.insertTerminal")(function* (
        merchantId: MerchantId,
        terminal: TerminalToInsert
      ) {
        const rows = yield* plain(
          (sql) => sql`
            WITH m AS (SELECT id FROM merchants WHERE id = ${MerchantIds.toUuid(merchantId)})
            ${insertion(sql, [terminal])} RETURNING ${sql.literal(terminalColumns)}`
        ).pipe(Effect.catchTag("SqlError", conflictOf))
        return yield* terminalRow(Effect.succeed(rows))
      })

      const updateTerminal = Effect.fn("MerchantsRepo.updateTerminal")(
        (merchantId: MerchantId, id: TerminalId, change: Partial<Settlement>) =>
          terminalRow(
            plain(
              (sql) => sql`
                UPDATE terminals t
                SET settlement_zone = coalesce(${change.settlement_zone ?? null}, settlement_zone),
                  settlement_cutoff = coalesce(${change.settlement_cutoff ?? null}::time, settlement_cutoff)
                WHERE t.id = ${TerminalIds.toUuid(id)} AND t.merchant_id = ${MerchantIds.toUuid(merchantId)}
                RETURNING ${sql.literal(terminalColumns)}`
            )
          )
      )

      return MerchantsRepo.of({ insert, find, list, update, insertTerminal, updateTerminal })
    })
  )
}

const merchantRow = rowOf(MerchantRow)
const merchantRows = rowsOf(MerchantRow)
const terminalRow = rowOf(TerminalRow)

const insertion = (sql: PgClient.PgClient, terminals: ReadonlyArray<TerminalToInsert>) => {
  const rows = terminals.map((terminal) => ({ ...terminal, id: TerminalIds.toUuid(terminal.id) }))
  return sql`${sql.literal(insertTerminals.before)}${sql.json(rows)}${sql.literal(insertTerminals.after)}`
}
