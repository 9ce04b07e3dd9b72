import type { PgClient } from "@effect/sql-pg"
import { Effect, type Redacted, Schema } from "effect"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import { Amount } from "../domain/Money.ts"
import { Environment, FourPartKey, Pair } from "../domain/Terminal.ts"
import { TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import type { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { bricPlace } from "../postgres/SealedBric.ts"

/** What a capture, refund or void acts on, as EPX knows it. */
const TargetRow = Schema.Struct({
  target_id: TransactionIds.Column,
  target_type: TransactionType,
  target_amount: Amount,
  /** Null for a refund that was never sent. */
  target_batch_id: Schema.NullOr(Pair.fields.batch_id),
  target_tran_nbr: Schema.NullOr(Pair.fields.tran_nbr),
  target_bric_sealed: Schema.NullOr(Schema.Uint8Array),
  target_bric_key_id: Schema.NullOr(Schema.String)
})

/** A follow-up as it stands on record. One that is `scheduled` has no pair yet. */
export const ClaimedRow = Schema.Struct({
  id: TransactionIds.Column,
  payment_id: PaymentIds.Column,
  type: Schema.Literals(["capture", "refund", "void"]),
  status: TransactionStatus,
  amount: Amount,
  environment: Environment,
  probe_of: Schema.NullOr(TransactionIds.Column),
  ...FourPartKey.fields,
  batch_id: Schema.NullOr(Pair.fields.batch_id),
  tran_nbr: Schema.NullOr(Pair.fields.tran_nbr),
  ...TargetRow.fields
})
export type ClaimedRow = typeof ClaimedRow.Type

/** Columns of `ClaimedRow` from the call `c`, its target `g`, the call `d` by which the target was done, and `k`. */
export const claimedColumns = (sql: PgClient.PgClient) =>
  sql.literal(
    `c.id, c.payment_id, c.type, c.status, c.amount, c.environment, c.probe_of, c.batch_id,
     c.tran_nbr::float8 AS tran_nbr, k.cust_nbr, k.merch_nbr, k.dba_nbr, k.terminal_nbr, g.id AS target_id,
     g.type AS target_type, coalesce(g.amount_approved, g.amount) AS target_amount,
     coalesce(d.batch_id, g.batch_id) AS target_batch_id, coalesce(d.tran_nbr, g.tran_nbr)::float8 AS target_tran_nbr,
     g.bric_sealed AS target_bric_sealed, g.bric_key_id AS target_bric_key_id`
  )

/** A follow-up that is on record and ready to be sent. */
export interface ClaimedCall {
  readonly id: ClaimedRow["id"]
  readonly paymentId: ClaimedRow["payment_id"]
  readonly type: ClaimedRow["type"]
  readonly amount: Amount
  readonly environment: Environment
  readonly key: FourPartKey
  readonly pair: Pair
  readonly isProbe: boolean
  readonly target: {
    readonly id: ClaimedRow["id"]
    readonly type: TransactionType
    readonly amount: Amount
    readonly pair: Pair
    readonly bric: Redacted.Redacted
  }
}

/** Only a row that a claim let through: it has a pair, and a target with a token. Anything else is a bug. */
export const toClaimedCall = Effect.fnUntraced(function* (row: ClaimedRow, cipher: ColumnCipher["Service"]) {
  const pair = pairOf(row.batch_id, row.tran_nbr)
  const original = pairOf(row.target_batch_id, row.target_tran_nbr)
  const { cust_nbr, dba_nbr, merch_nbr, target_bric_key_id, target_bric_sealed, terminal_nbr } = row
  if (pair === null || original === null || target_bric_key_id === null || target_bric_sealed === null) {
    return yield* Effect.die(new Error(`Transaction ${row.id} was claimed without a pair or a token`))
  }
  const sealed = { keyId: target_bric_key_id, sealed: target_bric_sealed }
  // A process without the key that sealed it must not run at all.
  const bric = yield* Effect.orDie(cipher.unseal(sealed, bricPlace(row.target_id)))
  const call: ClaimedCall = {
    id: row.id,
    paymentId: row.payment_id,
    type: row.type,
    amount: row.amount,
    environment: row.environment,
    key: { cust_nbr, merch_nbr, dba_nbr, terminal_nbr },
    pair,
    isProbe: row.probe_of !== null,
    target: { id: row.target_id, type: row.target_type, amount: row.target_amount, pair: original, bric }
  }
  return call
})

const pairOf = (batch_id: string | null, tran_nbr: number | null): Pair | null =>
  batch_id === null || tran_nbr === null ? null : { batch_id, tran_nbr }
