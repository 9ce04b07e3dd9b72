import { Schema, SchemaTransformation } from "effect"

/** `a,b,c` in a query, as a list whose entries this schema takes. */
export const commaSeparated = <S extends Schema.Codec<unknown, string>>(entry: S) =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.Array(entry),
      SchemaTransformation.transform({
        decode: (text: string): ReadonlyArray<string> => text.split(",").map((part) => part.trim()),
        encode: (parts) => parts.join(",")
      })
    )
  )
