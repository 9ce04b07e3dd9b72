import type { PgClient } from "@effect/sql-pg"
import {
  type ApiKeyId,
  ApiKeyIds,
  MerchantIds,
  type PaymentId,
  PaymentIds,
  type TransactionId,
  TransactionIds
} from "../../domain/Ids.ts"
import type { Tenant } from "../../domain/Tenant.ts"
import { isCanceledKey } from "../CanceledKey.ts"

/** Whether the merchant may do anything now, and its key is valid. */
export const mayActStatement = (
  sql: PgClient.PgClient,
  { environment, keyId, merchantId }: Tenant & { readonly keyId: ApiKeyId }
) => sql`
  SELECT status = 'active' AS is_active,
    EXISTS (
      SELECT 1 FROM api_keys WHERE id = ${ApiKeyIds.toUuid(keyId)}::uuid AND merchant_id = merchants.id
        AND environment = ${environment} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ) AS has_key
  FROM merchants WHERE id = ${MerchantIds.toUuid(merchantId)}::uuid`

/** Takes the key, so that no payment can come under it any more; unless something came under it before. */
export const tombstoneStatement = (
  sql: PgClient.PgClient,
  { environment, merchantId }: Tenant,
  idempotencyKey: string,
  id: TransactionId
) => sql`
  INSERT INTO transactions (id, merchant_id, environment, type, status, idempotency_key, settled_at)
  VALUES (${TransactionIds.toUuid(id)}::uuid, ${MerchantIds.toUuid(merchantId)}::uuid, ${environment}, 'tombstone',
    'voided', ${idempotencyKey}, now())
  ON CONFLICT (merchant_id, environment, idempotency_key) WHERE status <> 'failed' DO NOTHING
  RETURNING id`

export const isTombstoneStatement = (
  sql: PgClient.PgClient,
  { environment, merchantId }: Tenant,
  idempotencyKey: string
) => sql`
  SELECT id FROM transactions
  WHERE merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid AND environment = ${environment}
    AND idempotency_key = ${idempotencyKey} AND ${sql.literal(isCanceledKey)}`

/** Marks a payment whose outcome is open: if it is approved after all, it is undone, and its key is not free again. */
export const markStatement = (sql: PgClient.PgClient, paymentId: PaymentId) => sql`
  WITH p AS (
    UPDATE payments SET undo = coalesce(undo, 'canceled'), version = version + 1, updated_at = now()
    WHERE id = ${PaymentIds.toUuid(paymentId)}::uuid AND first_status IN ('submitting', 'unknown')
    RETURNING id
  )
  UPDATE transactions SET key_canceled = true
  FROM p WHERE payment_id = p.id AND type IN ('sale', 'authorization')
  RETURNING p.id`
