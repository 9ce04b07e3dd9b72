import type { Sampler } from "@opentelemetry/sdk-trace-base"
import { Effect, Layer, References, Tracer } from "effect"
import { samplingLayer } from "./Sampling.ts"

export interface TracingOptions {
  /** Where an OTLP collector listens for HTTP, without `/v1/traces`. */
  readonly endpoint: URL
  /** Share of new traces that are kept; a trace that a caller already sampled is kept always. */
  readonly ratio: number
}

/** Without an exporter nobody would see a span, so none is made. */
export const untracedLayer: Layer.Layer<never> = Layer.succeed(References.TracerEnabled, false)

/** Exports spans in batches, off the path of requests. The SDK is loaded only when it is used. */
export const tracingLayer = ({ endpoint, ratio }: TracingOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const [NodeSdk, { OTLPTraceExporter }, sdk, { SpanKind }] = yield* Effect.all([
        Effect.promise(() => import("@effect/opentelemetry/NodeSdk")),
        Effect.promise(() => import("@opentelemetry/exporter-trace-otlp-http")),
        Effect.promise(() => import("@opentelemetry/sdk-trace-base")),
        Effect.promise(() => import("@opentelemetry/api"))
      ])
      const { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } = sdk
      const url = `${endpoint.href.replace(/\/$/, "")}/v1/traces`
      const [all, some] = [new AlwaysOnSampler(), new TraceIdRatioBasedSampler(ratio)]
      // A request without a trace to be kept comes without a span, so its sampling is over.
      const root: Sampler = {
        shouldSample: (context, traceId, _name, kind) =>
          kind === SpanKind.SERVER ? all.shouldSample() : some.shouldSample(context, traceId),
        toString: () => `requests that are kept, and ${some} of the rest`
      }
      const exporting = NodeSdk.layer(() => ({
        resource: { serviceName: "payment-service" },
        spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url }), {
          maxQueueSize: 16_384,
          maxExportBatchSize: 512,
          scheduledDelayMillis: 1_000
        }),
        tracerConfig: { sampler: new ParentBasedSampler({ root }) }
      }))
      return Layer.merge(Layer.provideMerge(spansAlone, exporting), samplingLayer(ratio))
    })
  )

/** Without the context of OpenTelemetry, which nothing here reads: to keep it at each step of a fiber costs most. */
const spansAlone = Layer.effect(
  Tracer.Tracer,
  Effect.map(Tracer.Tracer, (tracer) => Tracer.make({ span: (options) => tracer.span(options) }))
)
