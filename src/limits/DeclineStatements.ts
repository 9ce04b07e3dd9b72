import type { PgClient } from "@effect/sql-pg"
import type { DeclineSubject } from "../domain/DeclineSubject.ts"
import { MerchantIds } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { grouped } from "../postgres/Grouped.ts"

/** Where a merchant has no limit of its own. */
export type DeclineLimits = Readonly<Record<DeclineSubject, number>>

/** What was declined of one subject, and not stored yet. */
export interface Counted extends Tenant {
  readonly kind: DeclineSubject
  /** 32 bytes in hexadecimal, which no two subjects have in common. */
  readonly digest: string
  readonly declines: number
  readonly usual: number
}

/** What the merchant of `row` says of its kind. With a limit it is looked up by itself, and not among all merchants. */
const own = (row: string) => `CROSS JOIN LATERAL (
  SELECT CASE ${row}.kind WHEN 'customer' THEN m.declines_per_customer WHEN 'address' THEN m.declines_per_address
    ELSE m.declines_per_key END AS most
  FROM merchants m WHERE m.id = ${row}.merchant_id LIMIT 1
) AS own`

/** In the order of the digests, so that no two processes wait for each other. */
export const addStatement = grouped<Counted>(
  (sql, param) => sql`
  judged AS MATERIALIZED (
    SELECT a.*, coalesce(own.most, a.usual)::float8 AS most
    FROM asked CROSS JOIN LATERAL (SELECT ${param(({ merchantId }) => MerchantIds.toUuid(merchantId))}::uuid,
      ${param(({ environment }) => environment)}, ${param(({ kind }) => kind)},
      decode(${param(({ digest }) => digest)}, 'hex'), ${param(({ declines }) => declines)}::float8,
      ${param(({ usual }) => usual)}::int4) AS a (merchant_id, environment, kind, subject, declines, usual)
    ${sql.literal(own("a"))}
  ), added AS (
    INSERT INTO decline_levels AS d (merchant_id, environment, kind, subject, level, most, updated_at)
    SELECT merchant_id, environment, kind, subject, least(declines, 2 * most - 1), most, clock_timestamp() FROM judged
    ORDER BY subject
    ON CONFLICT (merchant_id, environment, kind, subject) DO UPDATE SET
      level = least(2 * excluded.most - 1, excluded.level + greatest(0, d.level
        - excluded.most / 600 * greatest(0, extract(epoch FROM clock_timestamp() - d.updated_at)::float8))),
      most = excluded.most, updated_at = clock_timestamp()
    RETURNING subject, level, most
  )
  SELECT encode(subject, 'hex') AS digest, level, most AS "limit",
    CASE WHEN level > most - 1 THEN pg_notify('declines', '')::text END AS told
  FROM added`
)

/** None is full for longer than ten minutes. What is now the limit decides, whatever it was. */
export const blockedStatement = (
  sql: PgClient.PgClient,
  { address, customer, key }: DeclineLimits,
  limit: number
) => sql`
  SELECT encode(d.subject, 'hex') AS digest, (has.level - (l.most - 1)) * 600 / l.most AS wait_s
  FROM decline_levels d ${sql.literal(own("d"))} CROSS JOIN LATERAL (
    SELECT coalesce(own.most,
      CASE d.kind WHEN 'customer' THEN ${customer}::int4 WHEN 'address' THEN ${address}::int4 ELSE ${key}::int4 END
    )::float8 AS most
  ) AS l CROSS JOIN LATERAL (
    SELECT least(d.level, 2 * l.most - 1)
      - l.most / 600 * extract(epoch FROM clock_timestamp() - d.updated_at)::float8 AS level
  ) AS has
  WHERE d.level > d.most - 1 AND d.updated_at > now() - interval '10 minutes' AND has.level > l.most - 1
  ORDER BY d.updated_at DESC LIMIT ${limit}`

/** After so long nothing is left of any level. By their places, since a join would read all the others. */
export const purgeStatement = (sql: PgClient.PgClient, limit: number) => sql`
  DELETE FROM decline_levels WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM decline_levels WHERE updated_at < now() - interval '20 minutes'
    ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
  ))
  RETURNING merchant_id`
