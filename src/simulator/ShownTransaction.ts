import { type State, stateOf } from "./State.ts"
import type { Told, Transaction } from "./Transaction.ts"

/** A transaction as it may be shown: no BRIC and no card beyond its last four digits. */
export interface ShownTransaction {
  readonly key: string
  readonly type: string
  readonly batchId: string
  readonly tranNbr: string
  readonly reference: string | null
  readonly attempt: string | null
  readonly receivedAt: number
  /** AUTH_RESP as the issuer gave it. */
  readonly code: string
  /** Cents. */
  readonly amount: number
  /** Cents that a reversal or a void took back. */
  readonly released: number
  /** Cents that refunds have given back. */
  readonly refunded: number
  readonly state: State
  /** Simulated epoch milliseconds. */
  readonly settledAt: number | null
  readonly told: Told
  readonly cardType: string
  readonly last4: string
  readonly cardHash: string
  /** What a capture, refund, void or reversal acts on. */
  readonly target: { readonly type: string; readonly batchId: string; readonly tranNbr: string } | null
}

const pairOf = (target: Transaction | undefined): ShownTransaction["target"] =>
  target === undefined ? null : { type: target.type, batchId: target.batchId, tranNbr: target.tranNbr }

/** The transaction as a caller may see it. */
export const show = (transaction: Transaction): ShownTransaction => ({
  key: transaction.terminal.key,
  type: transaction.type,
  batchId: transaction.batchId,
  tranNbr: transaction.tranNbr,
  reference: transaction.reference ?? null,
  attempt: transaction.attempt ?? null,
  receivedAt: transaction.receivedAt,
  code: transaction.code,
  amount: transaction.amount,
  released: transaction.released,
  refunded: transaction.refunded,
  state: stateOf(transaction),
  settledAt: transaction.settledAt ?? null,
  told: transaction.told,
  cardType: transaction.card.brand,
  last4: transaction.card.last4,
  cardHash: transaction.card.hash,
  target: pairOf(transaction.target)
})
