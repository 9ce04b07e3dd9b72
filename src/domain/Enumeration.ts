import { Schema } from "effect"

/**
 * One of a few words, known by a name in the OpenAPI document. Whoever sends another one is told the words: by itself a
 * schema that has a name says only that.
 */
export const enumeration = <const Words extends ReadonlyArray<string>>(
  identifier: string,
  words: Words,
  documentation: { readonly description?: string } = {}
) =>
  Schema.Literals(words).annotate({
    ...documentation,
    identifier,
    message: `Expected ${words.map((word) => JSON.stringify(word)).join(" | ")}`
  })
