import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { Headers } from "effect/http"
import { Sampling, samplingLayer } from "../../src/telemetry/Sampling.ts"

/** Of a thousand requests with these headers, how many are kept. */
const keptOf = (ratio: number, headers: Record<string, string>) =>
  Effect.map(
    Sampling,
    (isKept) => Array.from({ length: 1_000 }, () => isKept(Headers.fromInput(headers))).filter(Boolean).length
  ).pipe(Effect.provide(samplingLayer(ratio)), Random.withSeed("sampling"))

const traceparent = (flags: string) => ({
  traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`
})

describe("Sampling", () => {
  it.effect("keeps a share of the traces that begin here", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* keptOf(0, {}), 0)
      assert.strictEqual(yield* keptOf(1, {}), 1_000)
      assert.approximately(yield* keptOf(0.1, {}), 100, 40)
      assert.approximately(yield* keptOf(0.1, { traceparent: "nonsense" }), 100, 40)
    })
  )

  it.effect("does what the caller did with a trace that began there", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* keptOf(0, traceparent("01")), 1_000)
      assert.strictEqual(yield* keptOf(1, traceparent("00")), 0)
    })
  )
})
