import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type MerchantId, MerchantIds, type TerminalId, TerminalIds } from "../domain/Ids.ts"
import type {
  Merchant,
  MerchantChange,
  MerchantHasTerminal,
  MerchantStatus,
  NewMerchant,
  NewTerminal,
  Terminal,
  TerminalChange,
  TerminalTaken
} from "../domain/Merchant.ts"
import { auditEntry, auditInsert } from "../postgres/AuditEntry.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { Database } from "../postgres/Database.ts"
import { lookUpKeyPlace } from "../postgres/LookUpKey.ts"
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

export interface MerchantToInsert extends Omit<NewMerchant, "terminals"> {
  readonly id: MerchantId
  readonly terminals: ReadonlyArray<TerminalToInsert>
}

/** A terminal, and the version of its merchant. */
export interface Changed {
  readonly terminal: Terminal
  readonly version: number
}

export interface MerchantUpdate extends MerchantChange {
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
    /** None: there is no such merchant, or not in one of these versions. */
    update(
      id: MerchantId,
      change: MerchantUpdate,
      versions: ReadonlyArray<number> | null
    ): Effect.Effect<Option.Option<Merchant>, DatabaseUnavailable>
    insertTerminal(
      merchantId: MerchantId,
      terminal: TerminalToInsert
    ): Effect.Effect<Option.Option<Terminal>, TerminalTaken | MerchantHasTerminal | DatabaseUnavailable>
    updateTerminal(
      merchantId: MerchantId,
      id: TerminalId,
      change: TerminalChange,
      versions: ReadonlyArray<number> | null
    ): Effect.Effect<Option.Option<Changed>, DatabaseUnavailable>
  }
>()("payment-service/merchants/MerchantsRepo") {
  static readonly layer = Layer.effect(
    MerchantsRepo,
    Effect.gen(function* () {
      const { pipelined, plain } = yield* Database
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom

      const sealedKey = (id: TerminalId, key: TerminalChange["lookup_key"]) => {
        if (key == null) return { lookup_key_id: null, lookup_key_sealed: null }
        const { keyId, sealed } = cipher.seal(key, lookUpKeyPlace(id))
        return { lookup_key_id: keyId, lookup_key_sealed: Buffer.from(sealed).toString("hex") }
      }

      const insertion = (sql: PgClient.PgClient, terminals: ReadonlyArray<TerminalToInsert>) => {
        const rows = terminals.map(({ lookup_key, ...terminal }) => ({
          ...terminal,
          id: TerminalIds.toUuid(terminal.id),
          ...sealedKey(terminal.id, lookup_key)
        }))
        return sql`${sql.literal(insertTerminals.before)}${sql.json(rows)}${sql.literal(insertTerminals.after)}`
      }

      const insert = Effect.fn("MerchantsRepo.insert")(function* (merchant: MerchantToInsert) {
        const { id, name, reject_on_avs = false, reject_on_cvv = false, terminals } = merchant
        const { reads_per_second = null, writes_at_once = null, writes_per_second = null } = merchant
        const made = terminals.map(({ environment, id }) => ({ id, environment }))
        const { declines_per_address = null, declines_per_customer = null, declines_per_key = null } = merchant
        const declines = { declines_per_customer, declines_per_address, declines_per_key }
        const limits = { reads_per_second, writes_per_second, writes_at_once, ...declines }
        const settings = { reject_on_avs, reject_on_cvv, ...limits }
        const audit = yield* auditEntry(random, "merchant.created", { name, ...settings, terminals: made })
        // The name `terminals` hides the table, which does not show the new rows before the statement is over.
        const rows = yield* plain(
          (sql) => sql`
            WITH m AS (
              INSERT INTO merchants (id, name, reject_on_avs, reject_on_cvv, reads_per_second, writes_per_second,
                writes_at_once, declines_per_customer, declines_per_address, declines_per_key)
              VALUES (${MerchantIds.toUuid(id)}::uuid, ${name}, ${reject_on_avs}, ${reject_on_cvv},
                ${reads_per_second}::int4, ${writes_per_second}::int4, ${writes_at_once}::int4,
                ${declines_per_customer}::int4, ${declines_per_address}::int4, ${declines_per_key}::int4) RETURNING *
            ), terminals AS (${insertion(sql, terminals)} RETURNING *),
            audited AS (${auditInsert(sql, audit, { merchant: "m.id" }, "m")})
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

      const update = Effect.fn("MerchantsRepo.update")(function* (
        id: MerchantId,
        change: MerchantUpdate,
        versions: ReadonlyArray<number> | null
      ) {
        const audit = yield* auditEntry(random, "merchant.updated", { ...change })
        return yield* merchantRow(
          plain(
            (sql) => sql`
              WITH m AS (
                UPDATE merchants
                SET name = coalesce(${change.name ?? null}, name), status = coalesce(${change.status ?? null}, status),
                  reject_on_avs = coalesce(${change.reject_on_avs ?? null}::boolean, reject_on_avs),
                  reject_on_cvv = coalesce(${change.reject_on_cvv ?? null}::boolean, reject_on_cvv),
                  reads_per_second = ${changed(sql, "reads_per_second", change.reads_per_second)},
                  writes_per_second = ${changed(sql, "writes_per_second", change.writes_per_second)},
                  writes_at_once = ${changed(sql, "writes_at_once", change.writes_at_once)},
                  declines_per_customer = ${changed(sql, "declines_per_customer", change.declines_per_customer)},
                  declines_per_address = ${changed(sql, "declines_per_address", change.declines_per_address)},
                  declines_per_key = ${changed(sql, "declines_per_key", change.declines_per_key)},
                  updated_at = now(), version = version + 1
                WHERE id = ${MerchantIds.toUuid(id)}::uuid AND ${isOneOf(sql, versions)}
                RETURNING *
              ), audited AS (${auditInsert(sql, audit, { merchant: "m.id" }, "m")})
              SELECT ${sql.literal(merchantColumns)} FROM m`
          )
        )
      })

      const insertTerminal = Effect.fn("MerchantsRepo.insertTerminal")(function* (
        merchantId: MerchantId,
        terminal: TerminalToInsert
      ) {
        const detail = { terminal_id: terminal.id, environment: terminal.environment, ...shownChange(terminal) }
        const audit = yield* auditEntry(random, "terminal.created", detail)
        const rows = yield* plain(
          (sql) => sql`
            WITH m AS (
                UPDATE merchants SET version = version + 1, updated_at = now()
                WHERE id = ${MerchantIds.toUuid(merchantId)} RETURNING id
              ),
              t AS (${insertion(sql, [terminal])} RETURNING *),
              audited AS (${auditInsert(sql, audit, { merchant: "t.merchant_id" }, "t")})
            SELECT ${sql.literal(terminalColumns)} FROM t`
        ).pipe(Effect.catchTag("SqlError", conflictOf))
        return yield* terminalRow(Effect.succeed(rows))
      })

      const updateTerminal = Effect.fn("MerchantsRepo.updateTerminal")(function* (
        merchantId: MerchantId,
        id: TerminalId,
        change: TerminalChange,
        versions: ReadonlyArray<number> | null
      ) {
        const audit = yield* auditEntry(random, "terminal.updated", { terminal_id: id, ...shownChange(change) })
        const key = sealedKey(id, change.lookup_key)
        const isNewKey = change.lookup_key !== undefined
        return yield* changedRow(
          plain(
            (sql) => sql`
              WITH m AS (
                UPDATE merchants SET version = version + 1, updated_at = now()
                WHERE id = ${MerchantIds.toUuid(merchantId)}::uuid AND ${isOneOf(sql, versions)}
                  AND EXISTS (SELECT 1 FROM terminals WHERE id = ${TerminalIds.toUuid(id)}::uuid
                    AND merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid)
                RETURNING id, version
              ), t AS (
                UPDATE terminals
                SET settlement_zone = coalesce(${change.settlement_zone ?? null}, settlement_zone),
                  settlement_cutoff = coalesce(${change.settlement_cutoff ?? null}::time, settlement_cutoff),
                  multiple_captures = coalesce(${change.multiple_captures ?? null}::boolean, multiple_captures),
                  partial_approvals = coalesce(${change.partial_approvals ?? null}::boolean, partial_approvals),
                  lookup_key_id = CASE WHEN ${isNewKey}::boolean THEN ${key.lookup_key_id}::text ELSE lookup_key_id END,
                  lookup_key_sealed = CASE WHEN ${isNewKey}::boolean THEN decode(${key.lookup_key_sealed}::text, 'hex')
                    ELSE lookup_key_sealed END
                FROM m
                WHERE terminals.id = ${TerminalIds.toUuid(id)}::uuid AND terminals.merchant_id = m.id
                RETURNING terminals.*, m.version
              ), audited AS (${auditInsert(sql, audit, { merchant: "t.merchant_id" }, "t")})
              SELECT t.version, ${sql.literal(terminalColumns)} FROM t`
          )
        ).pipe(Effect.map(Option.map(({ version, ...terminal }) => ({ terminal, version }))))
      })

      return MerchantsRepo.of({ insert, find, list, update, insertTerminal, updateTerminal })
    })
  )
}

const isOneOf = (sql: PgClient.PgClient, versions: ReadonlyArray<number> | null) =>
  sql`(${versions}::int4[] IS NULL OR version = ANY (${versions}::int4[]))`

/** The new number, which may be none; or the column as it is. */
const changed = (sql: PgClient.PgClient, column: string, value: number | null | undefined) =>
  value === undefined ? sql.literal(column) : sql`${value}::int4`

const merchantRow = rowOf(MerchantRow)
const merchantRows = rowsOf(MerchantRow)
const terminalRow = rowOf(TerminalRow)
const changedRow = rowOf(Schema.Struct({ ...TerminalRow.fields, version: Schema.Int }))

/** What is kept of a change: whether a secret was given, and not which. */
const shownChange = ({ lookup_key, ...change }: TerminalChange) => {
  const { multiple_captures, partial_approvals, settlement_cutoff, settlement_zone } = change
  const hasKey = lookup_key === undefined ? {} : { has_lookup_key: lookup_key !== null }
  return { settlement_zone, settlement_cutoff, multiple_captures, partial_approvals, ...hasKey }
}
