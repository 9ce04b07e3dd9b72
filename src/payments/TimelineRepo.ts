import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Event } from "../domain/Event.ts"
import { EventIds, MerchantIds, type PaymentId, PaymentIds, TransactionIds } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { LedgerEntry, Timeline, TimelineTransaction } from "../domain/Timeline.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf } from "../postgres/Row.ts"

/** Reads all that is on record about a payment; it sees one tenant only. */
export class TimelineRepo extends Context.Service<
  TimelineRepo,
  { find(tenant: Tenant, id: PaymentId): Effect.Effect<Option.Option<Timeline>, DatabaseUnavailable> }
>()("payment-service/payments/TimelineRepo") {
  static readonly layer = Layer.effect(
    TimelineRepo,
    Effect.gen(function* () {
      const { pipelined } = yield* Database
      return TimelineRepo.of({
        find: Effect.fn("TimelineRepo.find")((tenant: Tenant, id: PaymentId) =>
          timelineRow(pipelined((sql) => timelineStatement(sql, tenant, id)))
        )
      })
    })
  )
}

const Link = Schema.NullOr(TransactionIds.Column)
const transactionId = { transaction_id: TransactionIds.Column }

const timelineRow = rowOf(
  Schema.Struct({
    ...Timeline.fields,
    payment_id: PaymentIds.Column,
    transactions: Schema.Array(
      Schema.Struct({
        ...TimelineTransaction.fields,
        id: TransactionIds.Column,
        target_id: Link,
        probe_of: Link,
        reversal_of: Link,
        done_by: Link
      })
    ),
    ledger_entries: Schema.Array(Schema.Struct({ ...LedgerEntry.fields, ...transactionId })),
    events: Schema.Array(
      Schema.Struct({ ...Event.fields, ...transactionId, id: EventIds.Column, payment_id: PaymentIds.Column })
    )
  })
)

/** Of a doubt a merchant is told its kind: what follows the colon may name hosts and addresses of ours. */
const timelineStatement = (sql: PgClient.PgClient, { environment, merchantId }: Tenant, id: PaymentId) => sql`
  SELECT 'timeline' AS object, p.id AS payment_id, p.status, (
    SELECT jsonb_agg(jsonb_build_object('id', t.id, 'type', t.type, 'status', t.status, 'amount', t.amount,
      'amount_approved', t.amount_approved, 'target_id', t.target_id, 'probe_of', t.probe_of,
      'reversal_of', t.reversal_of, 'done_by', t.done_by, 'reason', t.reason, 'response_code', t.response_code,
      'late_response_code', split_part(t.late_response_code, ':', 1), 'authorization_code', t.authorization_code,
      'avs', t.avs, 'cvv', t.cvv, 'doubt', split_part(t.doubt, ':', 1), 'attempts', t.attempts, 'lookups', t.lookups,
      'resolved_by', t.resolved_by, 'trace_id', t.trace_id, 'created_at', t.created_at, 'settled_at', t.settled_at)
      ORDER BY t.id)
    FROM transactions t WHERE t.payment_id = p.id
  ) AS transactions, coalesce((
    SELECT jsonb_agg(jsonb_build_object('transaction_id', l.transaction_id, 'account', l.account,
      'currency', l.currency, 'amount', l.amount, 'created_at', l.created_at) ORDER BY l.id)
    FROM ledger_entries l WHERE l.payment_id = p.id
  ), '[]') AS ledger_entries, coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', e.id, 'object', 'event', 'type', e.type, 'payment_id', e.payment_id,
      'transaction_id', e.transaction_id, 'created_at', e.created_at, 'data', e.payload) ORDER BY e.id)
    FROM events e WHERE e.payment_id = p.id
  ), '[]') AS events
  FROM payments p
  WHERE p.id = ${PaymentIds.toUuid(id)}::uuid AND p.merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid
    AND p.environment = ${environment}`
