import { Schema } from "effect"

/** ISO 4217. Each listed currency has two decimals. */
export const Currency = Schema.Literals(["USD"])
export type Currency = typeof Currency.Type

/** The least and the greatest amount of one payment, in minor units. */
const amountLimits = { minimum: 1, maximum: 999_999_999 }

/** An amount to move, in minor units: 1999 is $19.99. Floats never enter the domain. */
export const Amount = Schema.Int.check(Schema.isBetween(amountLimits)).pipe(Schema.brand("Amount"))
export type Amount = typeof Amount.Type

/** A running total of amounts, in minor units; unlike an `Amount` it may be zero. */
export const Total = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: amountLimits.maximum }))
export type Total = typeof Total.Type
