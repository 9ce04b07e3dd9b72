import { Context, Effect, Layer, Option, Random } from "effect"
import { type Headers, HttpTraceContext } from "effect/http"

/**
 * Decides by the headers of a request whether its trace is kept. One that is not has no spans at all: they would cost
 * as much as those that are exported.
 */
export const Sampling = Context.Reference<(headers: Headers.Headers) => boolean>("payment-service/telemetry/Sampling", {
  defaultValue: () => () => true
})

/** Keeps this share of new traces, and goes by what the caller decided where there is a caller's trace. */
export const samplingLayer = (ratio: number): Layer.Layer<never> =>
  Layer.effect(
    Sampling,
    Effect.map(
      Random.Random,
      (random) => (headers: Headers.Headers) =>
        Option.match(HttpTraceContext.fromHeaders(headers), {
          onNone: () => random.nextDoubleUnsafe() < ratio,
          onSome: ({ sampled }) => sampled
        })
    )
  )
