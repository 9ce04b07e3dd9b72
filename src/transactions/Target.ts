import type { PaymentId, TransactionId } from "../domain/Ids.ts"
import type { TransactionType } from "../domain/Transaction.ts"

/** A call whose outcome nobody knows. */
export interface Target {
  readonly id: TransactionId
  readonly paymentId: PaymentId
  readonly type: TransactionType
}
