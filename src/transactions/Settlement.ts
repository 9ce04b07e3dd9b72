import { type Redacted, Schema } from "effect"
import type { Card } from "../domain/Card.ts"
import type { Decline } from "../domain/Decline.ts"
import type { PaymentId, TransactionId } from "../domain/Ids.ts"
import type { ResolvedBy, TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import type { AuditEntry } from "../postgres/AuditEntry.ts"

/** What is kept of an answer of EPX. */
export interface AnswerRecord {
  readonly responseCode: string | null
  readonly networkResponse: string | null
  readonly authorizationCode: string | null
  readonly networkTransactionId: string | null
  readonly avs: string | null
  readonly cvv: string | null
  readonly card: Card
  /** Minor units. */
  readonly amountApproved: number | null
  readonly bric: Redacted.Redacted | null
}

/** The call that is settled. */
export interface Settled {
  readonly id: TransactionId
  readonly paymentId: PaymentId
  readonly type: Exclude<TransactionType, "reversal">
  /** Minor units asked for. */
  readonly amount: number
  readonly target: { readonly id: TransactionId; readonly type: TransactionType; readonly amount: number } | null
}

/** Why a payment that EPX approved is undone. */
export const UndoReason = Schema.Literals(["requested", "canceled", "partial_approval", "avs", "cvv", "late_approval"])

/** The reasons that come with the approval itself. */
export type Undo = Exclude<typeof UndoReason.Type, "requested" | "canceled">

/** What the result of a call makes of its transaction and payment. */
export interface Settlement {
  readonly status: TransactionStatus
  readonly answer: AnswerRecord | null
  readonly decline: Decline | null
  /** Why the outcome is not known, or why nothing was sent. */
  readonly doubt: string | null
  /** Unknown, and nothing automatic is to be tried: people must find out. */
  readonly isParked: boolean
  readonly undo: Undo | null
}

/** How an outcome became known that was unknown before. */
export interface Resolution {
  readonly by: typeof ResolvedBy.Type
  /** The probe that did what the call was to do. */
  readonly doneBy: TransactionId | null
  /** Of an operator: who said so and why, to be kept in the same commit. */
  readonly audit?: AuditEntry
}
