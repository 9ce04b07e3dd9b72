import { Schema, SchemaTransformation } from "effect"

/**
 * An instant in UTC as it is on the wire, in the form of RFC 3339 and to the millisecond: for what is only passed on.
 * Making a `DateTime` of it, and text of that again, takes longer than the rest of a payment's JSON.
 */
export const TimestampText = Schema.String.annotate({
  format: "date-time",
  expected: "a date and time of RFC 3339"
})

/** An instant in UTC, on the wire in the form of RFC 3339. */
export const Timestamp = TimestampText.pipe(
  Schema.decodeTo(Schema.DateTimeUtc, SchemaTransformation.dateTimeUtcFromString)
)
