import { Effect, Option } from "effect"

/** The trace of which this is a part, as 32 hexadecimal digits; null outside of any. */
export const currentTraceId: Effect.Effect<string | null> = Effect.map(Effect.option(Effect.currentSpan), (span) =>
  Option.match(span, {
    onNone: () => null,
    // Effect's own tracer, which is there without an exporter, has ids of this shape too.
    onSome: ({ traceId }) => (/^[0-9a-f]{32}$/.test(traceId) ? traceId : null)
  })
)
