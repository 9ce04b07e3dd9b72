import { Predicate, Schema } from "effect"

/**
 * Text by key, as we have just read or made it: to look at each value again, as a record would, takes longer than to
 * read an answer.
 */
export const TextFields = Schema.declare((input): input is Readonly<Record<string, string | undefined>> =>
  Predicate.isObject(input)
)
