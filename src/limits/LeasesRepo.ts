import { Context, Effect, Layer, type Option, Schema } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type MerchantId, MerchantIds } from "../domain/Ids.ts"
import type { LimitKind } from "../domain/Limit.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { Database } from "../postgres/Database.ts"
import { prepared } from "../postgres/Prepared.ts"
import { rowOf } from "../postgres/Row.ts"

/** Which limit, and what it is where the merchant has none of its own, in requests a second. */
export interface Limit extends Tenant {
  readonly kind: LimitKind
  readonly usual: number
}

/** What a process may let in. */
export interface Lease {
  readonly granted: number
  /** What is left for the next one, at this moment; less than 1 where nothing was granted. */
  readonly left: number
  /** Requests a second. */
  readonly rate: number
}

/** The part of each limit that no process has taken yet. */
export class LeasesRepo extends Context.Service<
  LeasesRepo,
  {
    /** Takes a block of what is left: a twentieth of a second's worth, or less. None: there is no such merchant. */
    lease(limit: Limit): Effect.Effect<Option.Option<Lease>, DatabaseUnavailable>
  }
>()("payment-service/limits/LeasesRepo") {
  static readonly layer = Layer.effect(
    LeasesRepo,
    Effect.map(Database, ({ plain }) =>
      LeasesRepo.of({ lease: (limit) => leaseRow(plain((sql) => leaseStatement(sql, limit))) })
    )
  )
}

const uuidOf = (id: MerchantId) => MerchantIds.toUuid(id)

const leaseStatement = prepared<Limit>(
  (sql, param) => sql`
  WITH asked AS (
    SELECT id, coalesce(CASE ${param(({ kind }) => kind)}::text WHEN 'reads' THEN reads_per_second
      ELSE writes_per_second END, ${param(({ usual }) => usual)}::int4)::float8 AS rate
    FROM merchants WHERE id = ${param(({ merchantId }) => uuidOf(merchantId))}::uuid
  ), leased AS (
    INSERT INTO rate_limits AS r (merchant_id, environment, kind, tokens, granted, refilled_at)
    SELECT id, ${param(({ environment }) => environment)}, ${param(({ kind }) => kind)}::text,
      rate - ceil(rate / 20), ceil(rate / 20), clock_timestamp()
    FROM asked
    ON CONFLICT (merchant_id, environment, kind) DO UPDATE SET (tokens, granted, refilled_at) = (
      SELECT has.tokens - block, block, has.at
      FROM asked CROSS JOIN LATERAL (
        SELECT clock_timestamp() AS at, least(asked.rate,
          r.tokens + asked.rate * greatest(0, extract(epoch FROM clock_timestamp() - r.refilled_at))) AS tokens
      ) AS has CROSS JOIN LATERAL (SELECT least(ceil(asked.rate / 20), floor(has.tokens)) AS block) AS given
    )
    RETURNING granted, tokens
  )
  SELECT leased.granted, leased.tokens AS "left", asked.rate FROM leased CROSS JOIN asked`
)

const leaseRow = rowOf(Schema.Struct({ granted: Schema.Int, left: Schema.Finite, rate: Schema.Finite }))
