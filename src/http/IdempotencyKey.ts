import { Schema, SchemaTransformation } from "effect"

/** 1 to 255 visible ASCII characters, bare or as the quoted string of the IETF draft `Idempotency-Key`. */
export const IdempotencyKey = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,255}$/, { expected: "1 to 255 visible ASCII characters" })),
    SchemaTransformation.transform({
      decode: (header) => (/^".*"$/.test(header) ? header.slice(1, -1) : header),
      encode: (key) => key
    })
  )
)
