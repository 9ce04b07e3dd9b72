import { Effect, Schema } from "effect"

const Limit = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))

/** How many entries of a list to return. */
export const limit = Limit.pipe(Schema.withDecodingDefaultKey(Effect.succeed("25")))

/** The `next_cursor` of an earlier page. */
export const cursor = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100)))

/** The parameters of every list, as a client sees them. */
export const pageParameters = {
  limit: {
    description: "How many entries to return.",
    schema: { type: "integer", minimum: 1, maximum: 100, default: 25 }
  },
  starting_after: { description: "The id of an entry: the list goes on behind it." }
} as const

/** The same of a list that gives cursors. */
export const cursorParameters = {
  ...pageParameters,
  cursor: { description: "The `next_cursor` of the page before; not together with `starting_after`." }
} as const
