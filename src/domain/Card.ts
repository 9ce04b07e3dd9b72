import { Schema } from "effect"

export const Brand = Schema.Literals([
  "visa",
  "mastercard",
  "amex",
  "discover",
  "jcb",
  "diners",
  "unionpay",
  "maestro",
  "other"
])
export type Brand = typeof Brand.Type

/** What may be shown of a card. */
export const Card = Schema.Struct({
  brand: Schema.NullOr(Brand),
  last4: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Card", description: "What may be shown of a card." })
export type Card = typeof Card.Type
