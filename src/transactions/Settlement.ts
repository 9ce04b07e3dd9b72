import type { Redacted } from "effect"
import type { Card } from "../domain/Card.ts"
import type { Decline } from "../domain/Decline.ts"
import type { PaymentStatus, Totals } from "../domain/Payment.ts"
import type { TransactionStatus } from "../domain/Transaction.ts"

/** What is kept of an answer of EPX. */
export interface AnswerRecord {
  readonly responseCode: string
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

/** What the result of a call makes of its transaction and payment. */
export interface Settlement {
  readonly status: TransactionStatus
  readonly paymentStatus: PaymentStatus
  readonly totals: Totals
  readonly answer: AnswerRecord | null
  readonly decline: Decline | null
  /** Why the outcome is not known, or why nothing was sent. */
  readonly doubt: string | null
  /** Unknown, and not to be undone by a reversal: people must find out. */
  readonly isParked: boolean
}
