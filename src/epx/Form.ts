import { Schema, SchemaGetter } from "effect"
import { TextFields } from "./TextFields.ts"

/** A form body, `application/x-www-form-urlencoded`; undefined fields are left out. */
export const Form = Schema.String.pipe(
  Schema.decodeTo(TextFields, {
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
