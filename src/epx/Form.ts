import { Schema, SchemaGetter } from "effect"

/** A form body, `application/x-www-form-urlencoded`; undefined fields are left out. */
export const Form = Schema.String.pipe(
  Schema.decodeTo(Schema.Record(Schema.String, Schema.UndefinedOr(Schema.String)), {
    decode: SchemaGetter.transform((body) => Object.fromEntries(new URLSearchParams(body))),
    encode: SchemaGetter.transform((fields) =>
      Object.entries(fields)
        .reduce((form, [key, value]) => {
          if (value !== undefined) form.append(key, value)
          return form
        }, new URLSearchParams())
        .toString()
    )
  })
)
