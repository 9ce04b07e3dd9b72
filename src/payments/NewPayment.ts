import { Effect, Schema } from "effect"
import { Bric } from "../domain/Bric.ts"
import { Amount, Currency } from "../domain/Money.ts"
import { NetworkAddress } from "../domain/NetworkAddress.ts"
import { Metadata } from "../domain/Payment.ts"

// Printable and not blank at its ends: references are shown, searched and printed on statements.
const Reference = Schema.String.check(
  Schema.isPattern(/^[\p{L}\p{N}\p{P}\p{S}](?:[\p{L}\p{N}\p{P}\p{S} ]{0,62}[\p{L}\p{N}\p{P}\p{S}])?$/u, {
    expected: "1 to 64 printable characters"
  })
)

const Street = Schema.String.check(
  Schema.isMaxLength(100),
  Schema.isPattern(/^[^\p{Cc}\p{Cs}]*$/u, { expected: "one line of text" })
)

/** What a merchant asks for; an absent member and its default are the same request. */
export const NewPayment = Schema.Struct({
  amount: Amount,
  currency: Currency,
  capture: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
  source: Schema.Struct({ bric: Schema.RedactedFromValue(Bric) }),
  billing_address: Schema.Struct({
    street: Schema.optionalKey(Street),
    postal_code: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[0-9A-Za-z -]{1,10}$/u)))
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  allow_duplicate: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
  customer_id: Schema.NullOr(Reference).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  customer_ip: Schema.NullOr(Schema.RedactedFromValue(NetworkAddress)).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(null))
  ),
  order_ref: Schema.NullOr(Reference).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  metadata: Metadata.check(Schema.isMaxProperties(50)).pipe(Schema.withDecodingDefaultKey(Effect.succeed({})))
}).annotate({
  identifier: "NewPayment",
  description:
    "`amount` is in minor units of the currency: 1999 is $19.99. With `capture: false` it is held, not charged. " +
    "The same amount from the same card for the same `order_ref` within ten minutes needs `allow_duplicate: true`. " +
    "`customer_ip` is the address from which the buyer pays; it is not kept, and tells card testing by its declines. " +
    "`metadata` holds up to 50 texts under names of letters, digits, `_`, `.` and `-`."
})
export type NewPayment = typeof NewPayment.Type
