import { Schema } from "effect"

/** What a refusal means for the merchant: try later, mend the data, give up on the card, or mend the set-up. */
export const DeclineCategory = Schema.Literals([
  "soft",
  "fixable",
  "hard",
  "referral",
  "partial_approval",
  "configuration",
  "request",
  "state",
  "system"
])
export type DeclineCategory = typeof DeclineCategory.Type

/** Why a payment was refused. `message` may be shown to the payer: it never reveals a fraud reason. */
export const Decline = Schema.Struct({
  code: Schema.String,
  category: DeclineCategory,
  message: Schema.String,
  retryable: Schema.Boolean
}).annotate({
  identifier: "Decline",
  description: "Why a payment was refused. `message` may be shown to the payer."
})
export type Decline = typeof Decline.Type
