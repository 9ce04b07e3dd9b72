import { Schema } from "effect"

/** Versions of which one must be the present one. */
export type IfMatch = ReadonlyArray<number>

/** Of a request that changes something: it is carried out only if nobody has changed that since (RFC 9110, 13.1.1). */
export const ifMatchHeader = { "if-match": Schema.optionalKey(Schema.String) }

/** Null where any version will do. A weak tag matches nothing, as the comparison is the strong one. */
export const ifMatchOf = (headers: { readonly "if-match"?: string }): IfMatch | null => {
  const header = headers["if-match"]?.trim()
  if (header === undefined || header === "*") return null
  return header.split(",").flatMap((tag) => {
    const [, version] = /^"([1-9]\d{0,8})"$/.exec(tag.trim()) ?? []
    return version === undefined ? [] : [Number(version)]
  })
}

export const tagOf = ({ version }: { readonly version: number }): string => `"${version}"`

export const ifMatchParameter = {
  description: "The `ETag` of what is to be changed: it is changed only if nobody else has done so since.",
  example: '"3"'
}
