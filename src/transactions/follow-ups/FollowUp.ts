import type { ApiKeyId, PaymentId, TransactionId } from "../../domain/Ids.ts"
import type { Amount } from "../../domain/Money.ts"
import type { Tenant } from "../../domain/Tenant.ts"
import type { RefundReason } from "../../domain/Transaction.ts"

/** What a merchant wants done with a payment, under a key that makes it happen once. */
export type FollowUp = Tenant & {
  readonly keyId: ApiKeyId
  readonly paymentId: PaymentId
  readonly idempotencyKey: string
  /** 32 bytes that are equal for equal requests. */
  readonly fingerprint: Uint8Array
  /** Of the payment, of which one must be the present one when the call is claimed; null: any will do. */
  readonly versions: ReadonlyArray<number> | null
} & Deed

/** Null means: as much as there is, or the whole payment. */
export type Deed =
  | { readonly type: "capture"; readonly amount: Amount | null }
  | {
      readonly type: "refund"
      readonly amount: Amount | null
      /** The sale or capture to give back; null: whichever has enough left. */
      readonly targetId: TransactionId | null
      readonly reason: RefundReason
    }
  | { readonly type: "void"; readonly targetId: TransactionId | null }
