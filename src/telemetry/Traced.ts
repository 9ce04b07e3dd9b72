import { Effect, References, type Tracer } from "effect"

/**
 * The span of a method that each payment runs through: `Effect.fnUntraced(…, traced("Noun.verb"))` is `Effect.fn`
 * without the stack of its caller, which takes longer to capture than the span itself, and without anything where no
 * trace is kept.
 */
export const traced = (name: string, options: Tracer.SpanOptionsNoTrace = {}) => {
  const withSpan = Effect.withSpan(name, options, { captureStackTrace: false })
  return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => (fiber.getRef(References.TracerEnabled) ? withSpan(self) : self))
}
