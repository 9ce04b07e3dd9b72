import { Context, DateTime, Effect, Layer, type Option, Schema, type Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { ApiKey } from "../domain/ApiKey.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type ApiKeyId, ApiKeyIds, type MerchantId, MerchantIds } from "../domain/Ids.ts"
import { auditEntry, auditInsert } from "../postgres/AuditEntry.ts"
import { Database } from "../postgres/Database.ts"
import type { Listening } from "../postgres/Notices.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"

/** What is stored of a new secret. */
export interface StoredSecret {
  readonly id: ApiKeyId
  readonly hash: Uint8Array
  readonly hint: string
  readonly expiresAt: DateTime.Utc | null
}

export interface ApiKeyToInsert extends StoredSecret, Pick<ApiKey, "name" | "environment" | "scopes"> {
  readonly merchantId: MerchantId | null
}

/** A key that is not revoked, as it authenticates. */
export const KeyHolder = Schema.Struct({
  id: ApiKeyIds.Column,
  environment: ApiKey.fields.environment,
  merchant_id: Schema.NullOr(MerchantIds.Column),
  scopes: ApiKey.fields.scopes,
  expires_at: Schema.NullOr(Schema.DateTimeUtcFromDate)
})
export type KeyHolder = typeof KeyHolder.Type

export class ApiKeysRepo extends Context.Service<
  ApiKeysRepo,
  {
    /** `None`: there is no such merchant. */
    insert(key: ApiKeyToInsert): Effect.Effect<Option.Option<ApiKey>, DatabaseUnavailable>
    find(id: ApiKeyId): Effect.Effect<Option.Option<ApiKey>, DatabaseUnavailable>
    /** Newest first, from behind `after` on; of all holders unless one is named. */
    list(
      limit: number,
      after: ApiKeyId | undefined,
      merchantId: MerchantId | undefined
    ): Effect.Effect<ReadonlyArray<ApiKey>, DatabaseUnavailable>
    /** The first revocation counts. `None`: there is no such key. */
    revoke(id: ApiKeyId): Effect.Effect<Option.Option<ApiKey>, DatabaseUnavailable>
    /** Adds a key like this one, which then works until `until` at most. `None`: it is not active, or not there. */
    roll(
      id: ApiKeyId,
      secret: StoredSecret,
      now: DateTime.Utc,
      until: DateTime.Utc
    ): Effect.Effect<Option.Option<ApiKey>, DatabaseUnavailable>
    findByHash(hash: Uint8Array): Effect.Effect<Option.Option<KeyHolder>, DatabaseUnavailable>
    /** Runs `onChange` when any process has changed what `findByHash` finds, and when that may have gone unnoticed. */
    watch(onChange: Effect.Effect<void>): Effect.Effect<Listening, never, Scope.Scope>
    /** Notes when keys were last used. A key whose row is locked is left out. */
    touch(uses: ReadonlyMap<ApiKeyId, DateTime.Utc>): Effect.Effect<void, DatabaseUnavailable>
  }
>()("payment-service/merchants/ApiKeysRepo") {
  static readonly layer = Layer.effect(
    ApiKeysRepo,
    Effect.gen(function* () {
      const { listen, pipelined, plain } = yield* Database

      const random = yield* SecureRandom.SecureRandom

      const insert = Effect.fn("ApiKeysRepo.insert")(function* (key: ApiKeyToInsert) {
        const { environment, expiresAt, id, name, scopes } = key
        const merchant = key.merchantId === null ? null : MerchantIds.toUuid(key.merchantId)
        const detail = { api_key_id: id, name, environment, scopes, expires_at: dateOf(expiresAt) }
        const audit = yield* auditEntry(random, "api_key.created", detail)
        return yield* keyRow(
          plain(
            (sql) => sql`
              WITH k AS (
                INSERT INTO api_keys (id, merchant_id, environment, name, hash, hint, scopes, expires_at)
                SELECT ${ApiKeyIds.toUuid(id)}::uuid, ${merchant}::uuid, ${environment}, ${name}, ${key.hash},
                  ${key.hint}, ${scopes}::text[], ${dateOf(expiresAt)}::timestamptz
                WHERE ${merchant}::uuid IS NULL OR EXISTS (SELECT FROM merchants WHERE id = ${merchant}::uuid)
                RETURNING *
              ), audited AS (${auditInsert(sql, audit, { merchant: "k.merchant_id" }, "k")})
              SELECT ${sql.literal(keyColumns)} FROM k`
          )
        )
      })

      const find = Effect.fn("ApiKeysRepo.find")((id: ApiKeyId) =>
        keyRow(
          pipelined(
            (sql) => sql`SELECT ${sql.literal(keyColumns)} FROM api_keys k WHERE k.id = ${ApiKeyIds.toUuid(id)}`
          )
        )
      )

      const list = Effect.fn("ApiKeysRepo.list")(
        (limit: number, after: ApiKeyId | undefined, merchantId: MerchantId | undefined) =>
          keyRows(
            pipelined(
              (sql) => sql`
                SELECT ${sql.literal(keyColumns)} FROM api_keys k WHERE ${sql.and([
                  after === undefined ? "true" : sql`k.id < ${ApiKeyIds.toUuid(after)}`,
                  merchantId === undefined ? "true" : sql`k.merchant_id = ${MerchantIds.toUuid(merchantId)}`
                ])}
                ORDER BY k.id DESC LIMIT ${limit}`
            )
          )
      )

      const revoke = Effect.fn("ApiKeysRepo.revoke")(function* (id: ApiKeyId) {
        const audit = yield* auditEntry(random, "api_key.revoked", { api_key_id: id })
        return yield* keyRow(
          plain(
            (sql) => sql`
              WITH k AS (
                UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = ${ApiKeyIds.toUuid(id)}::uuid
                RETURNING *
              ), audited AS (${auditInsert(sql, audit, { merchant: "k.merchant_id" }, "k")})
              SELECT ${sql.literal(keyColumns)} FROM k`
          )
        )
      })

      const roll = Effect.fn("ApiKeysRepo.roll")(function* (
        id: ApiKeyId,
        secret: StoredSecret,
        now: DateTime.Utc,
        until: DateTime.Utc
      ) {
        const audit = yield* auditEntry(random, "api_key.rolled", { api_key_id: secret.id, instead_of: id })
        return yield* keyRow(
          plain(
            (sql) => sql`
              WITH old AS (
                UPDATE api_keys SET expires_at = least(expires_at, ${dateOf(until)}::timestamptz)
                WHERE id = ${ApiKeyIds.toUuid(id)} AND revoked_at IS NULL
                  AND (expires_at IS NULL OR expires_at > ${dateOf(now)}::timestamptz)
                RETURNING merchant_id, environment, name, scopes
              ), k AS (
                INSERT INTO api_keys (id, merchant_id, environment, name, hash, hint, scopes, expires_at)
                SELECT ${ApiKeyIds.toUuid(secret.id)}::uuid, merchant_id, environment, name, ${secret.hash},
                  ${secret.hint}, scopes, ${dateOf(secret.expiresAt)}::timestamptz
                FROM old
                RETURNING *
              ), audited AS (${auditInsert(sql, audit, { merchant: "k.merchant_id" }, "k")})
              SELECT ${sql.literal(keyColumns)} FROM k`
          )
        )
      })

      const findByHash = Effect.fn("ApiKeysRepo.findByHash")((hash: Uint8Array) =>
        holderRow(
          pipelined(
            (sql) => sql`
              SELECT id, environment, merchant_id, scopes, expires_at FROM api_keys
              WHERE hash = ${hash} AND revoked_at IS NULL`
          )
        )
      )

      const touch = Effect.fn("ApiKeysRepo.touch")((uses: ReadonlyMap<ApiKeyId, DateTime.Utc>) => {
        const ids = Array.from(uses.keys(), ApiKeyIds.toUuid)
        const times = Array.from(uses.values(), DateTime.toDateUtc)
        return Effect.asVoid(
          noRows(
            plain(
              (sql) => sql`
                WITH used AS (SELECT * FROM unnest(${ids}::text[]::uuid[], ${times}::timestamptz[]) AS u(id, at)),
                  free AS (
                    SELECT id FROM api_keys WHERE id IN (SELECT id FROM used) FOR NO KEY UPDATE SKIP LOCKED
                  )
                UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, used.at)
                FROM used JOIN free USING (id) WHERE k.id = used.id`
            )
          )
        )
      })

      // Triggers of the tables tell of it.
      const watch = (onChange: Effect.Effect<void>) => listen("access", onChange)

      return ApiKeysRepo.of({ insert, find, list, revoke, roll, findByHash, watch, touch })
    })
  )
}

const keyColumns = `k.id, 'api_key' AS object, k.name, k.environment, k.merchant_id, k.scopes, k.hint, k.expires_at,
  k.revoked_at, k.last_used_at, k.created_at`

const Instant = Schema.NullOr(Schema.DateTimeUtcFromDate)

const KeyRow = Schema.Struct({
  ...ApiKey.fields,
  id: ApiKeyIds.Column,
  merchant_id: Schema.NullOr(MerchantIds.Column),
  expires_at: Instant,
  revoked_at: Instant,
  last_used_at: Instant,
  created_at: Schema.DateTimeUtcFromDate
})

const keyRow = rowOf(KeyRow)
const keyRows = rowsOf(KeyRow)
const holderRow = rowOf(KeyHolder)
const noRows = rowsOf(Schema.Never)

const dateOf = (instant: DateTime.Utc | null) => (instant === null ? null : DateTime.toDateUtc(instant))
