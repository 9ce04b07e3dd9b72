import { Schema, SchemaTransformation } from "effect"

/** An instant in UTC, on the wire in the form of RFC 3339. */
export const Timestamp = Schema.String.annotate({ format: "date-time", expected: "a date and time of RFC 3339" }).pipe(
  Schema.decodeTo(Schema.DateTimeUtc, SchemaTransformation.dateTimeUtcFromString)
)
