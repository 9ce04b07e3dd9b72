import { Effect } from "effect"

/**
 * The span of a method that each payment runs through: `Effect.fnUntraced(…, traced("Noun.verb"))` is `Effect.fn`
 * without the stack of its caller, which takes longer to capture than the span itself.
 */
export const traced = (name: string) => Effect.withSpan(name, {}, { captureStackTrace: false })
