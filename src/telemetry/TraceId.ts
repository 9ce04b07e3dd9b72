import { Effect, Option, Tracer } from "effect"

/** The trace of which this is a part, as 32 hexadecimal digits; null outside of any. */
export const currentTraceId: Effect.Effect<string | null> = Effect.map(
  Effect.serviceOption(Tracer.ParentSpan),
  Option.match({
    onNone: () => null,
    // Effect's own tracer, which is there without an exporter, has ids of this shape too.
    onSome: ({ traceId }) => (/^[0-9a-f]{32}$/.test(traceId) ? traceId : null)
  })
)
