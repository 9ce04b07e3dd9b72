import { DateTime, type Redacted } from "effect"
import type { InvalidApiKey, MerchantSuspended } from "../../domain/AccessErrors.ts"
import type { KeyCanceled, PossibleDuplicate, TerminalMissing } from "../../domain/ChargeErrors.ts"
import type { ApiKeyId, MerchantId, PaymentId, TransactionId } from "../../domain/Ids.ts"
import type { OperationStopped } from "../../domain/KillSwitch.ts"
import type { Amount, Currency } from "../../domain/Money.ts"
import type { Metadata, Payment } from "../../domain/Payment.ts"
import type { Environment, FourPartKey, Pair } from "../../domain/Terminal.ts"

/** Why a payment cannot be begun: the merchant, its key or its terminal may not, or it has been asked for before. */
export type ChargeRefusal =
  | InvalidApiKey
  | MerchantSuspended
  | OperationStopped
  | TerminalMissing
  | KeyCanceled
  | PossibleDuplicate

/** What a merchant wants charged or held, under a key that makes it happen once. */
export interface Charge {
  readonly merchantId: MerchantId
  readonly environment: Environment
  readonly keyId: ApiKeyId
  readonly type: "sale" | "authorization"
  readonly amount: Amount
  readonly currency: Currency
  readonly bric: Redacted.Redacted
  readonly billing: { readonly street?: string | undefined; readonly postal_code?: string | undefined }
  readonly customerId: string | null
  readonly orderRef: string | null
  readonly metadata: Metadata
  /** The same instrument, amount and order within minutes is meant. */
  readonly allowDuplicate: boolean
  readonly idempotencyKey: string
  /** 32 bytes that are equal for equal requests. */
  readonly fingerprint: Uint8Array
}

/** Made before the claim, so that a claim repeated after a lost answer is recognised as our own. */
export interface ChargeIds {
  readonly paymentId: PaymentId
  readonly transactionId: TransactionId
}

/** What the merchant and its terminal accept of an approval. */
export interface Policy {
  readonly partial_approvals: boolean
  readonly reject_on_avs: boolean
  readonly reject_on_cvv: boolean
}

/** A charge that is on record and not yet sent. */
export interface ClaimedCharge extends ChargeIds {
  readonly key: FourPartKey
  readonly pair: Pair
  readonly policy: Policy
}

/** The payment as it stands while its call is on the way. */
export const processingPayment = (charge: Charge, ids: ChargeIds, createdAt: DateTime.Utc): Payment => ({
  id: ids.paymentId,
  object: "payment",
  status: "processing",
  amount: charge.amount,
  currency: charge.currency,
  amount_authorized: 0,
  amount_captured: 0,
  amount_refunded: 0,
  amount_capturable: 0,
  amount_refundable: 0,
  card: null,
  decline: null,
  customer_id: charge.customerId,
  order_ref: charge.orderRef,
  metadata: charge.metadata,
  expires_at: null,
  created_at: DateTime.formatIso(createdAt),
  transactions: [
    {
      id: ids.transactionId,
      type: charge.type,
      status: "submitting",
      amount: charge.amount,
      target_id: null,
      reason: null,
      response_code: null,
      authorization_code: null,
      avs: null,
      cvv: null,
      created_at: DateTime.formatIso(createdAt)
    }
  ]
})
