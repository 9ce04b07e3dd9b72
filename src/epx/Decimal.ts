import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"

const shape = /^(\d{1,10})\.(\d{2})(00)?$/

const pad = (cents: number): string => String(cents).padStart(2, "0")

/** EPX's decimal for an amount in minor units: 1999 is "19.99". */
export const formatDecimal = (minor: number): string => `${Math.floor(minor / 100)}.${pad(minor % 100)}`

const MinorUnits = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999_999_999_999 }))

/**
 * Minor units written as EPX's decimal. Four decimals are read too (EPX data dictionary samples have them), but a part
 * below the cent is refused: it can be neither booked nor dropped.
 */
export const Decimal = Schema.String.pipe(
  Schema.decodeTo(
    MinorUnits,
    SchemaTransformation.transformEffect<number, string>({
      decode: (text, options) => {
        const match = shape.exec(text)
        return match === null
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "a decimal amount in whole cents" }, text, options))
          : Effect.succeed(Number(match[1]) * 100 + Number(match[2]))
      },
      encode: (minor) => Effect.succeed(formatDecimal(minor))
    })
  )
)
