import type { PgClient } from "@effect/sql-pg"
import { type ApiKeyId, ApiKeyIds, MerchantIds } from "../domain/Ids.ts"
import type { StoppableOperation } from "../domain/KillSwitch.ts"
import type { Tenant } from "../domain/Tenant.ts"

/**
 * BATCH_ID of a call claimed now and the cut-off of that batch, for a row of `terminals`. The business date is the
 * first whose cut-off, by the clocks of the terminal, is still to come. Instants are compared, because where clocks go
 * back times of day do.
 */
export const batchColumns = `to_char((now() AT TIME ZONE settlement_zone)::date + is_after.days, 'YYYYMMDD') AS
  batch_id,
      ((now() AT TIME ZONE settlement_zone)::date + is_after.days + settlement_cutoff) AT TIME ZONE settlement_zone
        AS cutoff_at`

/** To be joined to `terminals` for `batchColumns`: 1 once today's cut-off has passed. */
export const isAfterCutoff = `CROSS JOIN LATERAL (
      SELECT (now() >= ((now() AT TIME ZONE settlement_zone)::date + settlement_cutoff) AT TIME ZONE
        settlement_zone)::int4
        AS days
    ) AS is_after`

/** Who asks for what, as values or parameters of a statement. */
interface Asking {
  readonly operation: unknown
  readonly merchantId: unknown
  readonly environment: unknown
  readonly keyId: unknown
}

/**
 * Whether an operator has stopped it, for this merchant (an expression that is one) or for all. Not `EXISTS`, which
 * would be joined, and change the plan of all else.
 */
export const isStopped = (sql: PgClient.PgClient, operation: unknown, merchantId: string) => sql`coalesce((
      SELECT true FROM kill_switches AS stop WHERE stop.operation = ${operation}
        AND (stop.merchant_id IS NULL OR stop.merchant_id = ${sql.literal(merchantId)}) LIMIT 1
    ), false)`

/**
 * Where the merchant's calls go, if it may make this one: it is active, its key is valid, and the operation is not
 * stopped. Read again in each claim, since what a cache said may be a minute old.
 */
export const terminalOf = (
  sql: PgClient.PgClient,
  { environment, keyId, merchantId, operation }: Asking
) => sql`SELECT terminals.id, terminals.merchant_id, terminals.environment, cust_nbr, merch_nbr, dba_nbr,
      terminal_nbr, multiple_captures, partial_approvals, merchants.reject_on_avs, merchants.reject_on_cvv,
      ${sql.literal(batchColumns)}
    FROM terminals
    JOIN merchants ON merchants.id = terminals.merchant_id AND merchants.status = 'active'
    JOIN api_keys ON api_keys.merchant_id = merchants.id AND api_keys.environment = terminals.environment
      AND api_keys.id = ${keyId}::uuid AND api_keys.revoked_at IS NULL
      AND (api_keys.expires_at IS NULL OR api_keys.expires_at > now())
    ${sql.literal(isAfterCutoff)}
    WHERE terminals.merchant_id = ${merchantId}::uuid
      AND terminals.environment = ${environment} AND NOT ${isStopped(sql, operation, "merchants.id")}`

/** The same for a request. */
export const askingOf = ({
  environment,
  keyId,
  merchantId,
  type
}: Tenant & { readonly keyId: ApiKeyId; readonly type: StoppableOperation }): Asking => ({
  operation: type,
  merchantId: MerchantIds.toUuid(merchantId),
  environment,
  keyId: ApiKeyIds.toUuid(keyId)
})
