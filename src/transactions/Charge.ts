import type { Redacted } from "effect"
import type { ApiKeyId, MerchantId, PaymentId, TransactionId } from "../domain/Ids.ts"
import type { Amount, Currency } from "../domain/Money.ts"
import type { Metadata } from "../domain/Payment.ts"
import type { Environment, FourPartKey, Pair } from "../domain/Terminal.ts"

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
  readonly idempotencyKey: string
  /** 32 bytes that are equal for equal requests. */
  readonly fingerprint: Uint8Array
}

/** Made before the claim, so that a claim repeated after a lost answer is recognised as our own. */
export interface ChargeIds {
  readonly paymentId: PaymentId
  readonly transactionId: TransactionId
}

/** A charge that is on record and not yet sent. */
export interface ClaimedCharge extends ChargeIds {
  readonly key: FourPartKey
  readonly pair: Pair
}
