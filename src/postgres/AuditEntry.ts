import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { SecureRandom } from "effect/crypto"
import type { Statement } from "effect/sql"
import type { AuditAction } from "../domain/AuditEvent.ts"
import { ApiKeyIds, type AuditEventId, AuditEventIds } from "../domain/Ids.ts"
import { Actor } from "./Actor.ts"

/** What is to be kept of an action: it joins the statement that carries it out. */
export interface AuditEntry {
  readonly id: AuditEventId
  readonly action: AuditAction
  readonly actor: typeof Actor.Service
  /** Without secrets. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** An entry on behalf of whoever is acting. */
export const auditEntry = Effect.fnUntraced(function* (
  random: Pick<SecureRandom.SecureRandom["Service"], "uuidV7">,
  action: AuditAction,
  detail: AuditEntry["detail"]
) {
  const entry: AuditEntry = { id: AuditEventIds.fromUuid(yield* random.uuidV7()), action, actor: yield* Actor, detail }
  return entry
})

/** What the action was done to, as SQL. */
interface Concerned {
  readonly merchant?: string
  readonly payment?: string
  readonly transaction?: string
}

/** One audit row for each row of `from`. */
export const auditInsert = (
  sql: PgClient.PgClient,
  { action, actor, detail, id }: AuditEntry,
  { merchant = "NULL::uuid", payment = "NULL::uuid", transaction = "NULL::uuid" }: Concerned,
  from: string
): Statement.Fragment => {
  const keyId = actor.keyId === null ? null : ApiKeyIds.toUuid(actor.keyId)
  return sql`INSERT INTO audit_events (id, api_key_id, action, merchant_id, payment_id, transaction_id, detail,
    request_id)
    SELECT ${AuditEventIds.toUuid(id)}::uuid, ${keyId}::uuid, ${action}, ${sql.literal(`${merchant}, ${payment},
      ${transaction}`)},
      ${sql.json(detail)}::jsonb, ${actor.requestId}::text
    FROM ${sql.literal(from)}`
}
