import type { Redacted } from "effect"
import type { Amount } from "../domain/Money.ts"
import type { Environment, FourPartKey, Pair } from "../domain/Terminal.ts"

/** Digits of the street and the postal code are all that AVS reads. */
export interface BillingAddress {
  readonly street?: string | undefined
  readonly postal_code?: string | undefined
}

/** What every request to EPX carries. */
export interface Envelope {
  readonly environment: Environment
  readonly key: FourPartKey
  readonly pair: Pair
  /**
   * Our payment and transaction ids, sent as USER_DATA_1 and USER_DATA_2 so that a report can be matched. Where there
   * is no payment (storage, verification, payout, batch close) the id of what the call is about stands in its place.
   */
  readonly paymentId: string
  readonly transactionId: string
}

interface CardMethod {
  readonly kind: "card"
}

interface AchMethod {
  readonly kind: "ach"
  readonly account: "checking" | "savings"
}

/** Whose bank account it is. A NACHA entry to a business (CCD) names its receiver, every other entry a person. */
export type AccountHolder =
  | { readonly entryClass: "PPD" | "WEB" | "TEL"; readonly firstName: string; readonly lastName: string }
  | { readonly entryClass: "CCD"; readonly receiver: string }

/** A bank account as its owner typed it in. */
export interface BankAccount {
  readonly accountNumber: Redacted.Redacted
  readonly routingNumber: string
}

/** Who starts a payment with a stored card; absent means the cardholder. It waives a CVV2 rule of the profile. */
export type Initiator = "recurring" | "instalment" | "subscription" | "unscheduled" | "resubmission"

interface OnBric {
  /** The BRIC that EPX knows the card, the account or the earlier transaction by. */
  readonly bric: Redacted.Redacted
}

/** Calls about cards. A BRIC names the card, or for a follow-up the transaction to act on. */
export type CardRequest = Envelope & { readonly method: CardMethod } & OnBric &
  (
    | {
        readonly operation: "sale" | "authorization"
        readonly amount: Amount
        readonly billing?: BillingAddress | undefined
        readonly orderRef?: string | undefined
        readonly initiator?: Initiator | undefined
      }
    | { readonly operation: "capture"; readonly amount: Amount }
    | {
        readonly operation: "refund"
        readonly amount: Amount
        /** The pair of the sale or capture that is refunded. */
        readonly original: Pair
      }
    | { readonly operation: "void" }
    /** `remaining` is what stays authorized; without it nothing does. */
    | { readonly operation: "reversal"; readonly remaining?: Amount | undefined }
    | { readonly operation: "storage" | "verification"; readonly billing?: BillingAddress | undefined }
  )

/** Calls about bank accounts. A sale is a debit, a refund and a payout are credits, a verification is a prenote. */
export type AchRequest = Envelope & { readonly method: AchMethod } & (
    | (OnBric & {
        readonly operation: "sale" | "payout"
        readonly amount: Amount
        readonly holder: AccountHolder
        readonly orderRef?: string | undefined
        readonly initiator?: "recurring" | undefined
      })
    | (OnBric & { readonly operation: "refund"; readonly amount: Amount })
    | (OnBric & { readonly operation: "void" })
    | ((OnBric | BankAccount) & { readonly operation: "verification" | "storage"; readonly holder: AccountHolder })
  )

/** Calls that name no card and no account: EPX finds what they act on by the pair alone. */
export type PairRequest = Envelope & { readonly operation: "timeout_reversal" | "batch_close" }

/** One call to EPX. */
export type EpxRequest = CardRequest | AchRequest | PairRequest

/** What a call asks for. */
export type Operation = EpxRequest["operation"]
