import { Effect, Layer } from "effect"

export interface TracingOptions {
  /** Where an OTLP collector listens for HTTP, without `/v1/traces`. */
  readonly endpoint: URL
  /** Share of new traces that are kept; a trace that a caller already sampled is kept always. */
  readonly ratio: number
}

/** Exports spans in batches, off the path of requests. The SDK is loaded only when it is used. */
export const tracingLayer = ({ endpoint, ratio }: TracingOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const [NodeSdk, { OTLPTraceExporter }, { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler }] =
        yield* Effect.all([
          Effect.promise(() => import("@effect/opentelemetry/NodeSdk")),
          Effect.promise(() => import("@opentelemetry/exporter-trace-otlp-http")),
          Effect.promise(() => import("@opentelemetry/sdk-trace-base"))
        ])
      const url = `${endpoint.href.replace(/\/$/, "")}/v1/traces`
      return NodeSdk.layer(() => ({
        resource: { serviceName: "payment-service" },
        spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url }), {
          maxQueueSize: 16_384,
          maxExportBatchSize: 512,
          scheduledDelayMillis: 1_000
        }),
        tracerConfig: { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }) }
      }))
    })
  )
