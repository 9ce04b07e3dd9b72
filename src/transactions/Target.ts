import type { PaymentId, TransactionId } from "../domain/Ids.ts"

/** A call whose outcome nobody knows. */
export interface Target {
  readonly id: TransactionId
  readonly paymentId: PaymentId
}
