import { assert, describe, it } from "@effect/vitest"
import { Effect, References, Tracer } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { serverSpans } from "../../src/http/ServerSpans.ts"
import { paymentExample } from "../../src/payments/PaymentExample.ts"
import { samplingLayer } from "../../src/telemetry/Sampling.ts"

interface Asked {
  /** Of new traces, how many are kept. */
  readonly ratio: number
  /** Whether the process has somebody to send spans to. */
  readonly isTracing?: boolean
  readonly path?: string
  /** What a listener hands over. */
  readonly before?: boolean
  readonly times?: number
}

/** The names of spans, of requests each of which does something in a span of its own. */
const spansOf = Effect.fnUntraced(function* ({
  before = false,
  isTracing = true,
  path = "/",
  ratio,
  times = 1
}: Asked) {
  const names: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      names.push(options.name)
      return new Tracer.NativeSpan(options)
    }
  })
  const inSpan = yield* serverSpans.pipe(
    Effect.provide(samplingLayer(ratio)),
    Effect.provideService(References.TracerEnabled, isTracing),
    Effect.provideService(Tracer.Tracer, tracer)
  )
  const answer = Effect.withSpan(Effect.succeed(HttpServerResponse.empty()), "inside")
  for (let n = 0; n < times; n++) {
    const request = HttpServerRequest.fromWeb(new Request(`http://service.test${path}`))
    yield* inSpan(request, answer).pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, request),
      Effect.provideService(References.TracerEnabled, before)
    )
  }
  return names
})

describe("a request", () => {
  it.effect("whose trace is kept has a server span, and spans below it", () =>
    Effect.gen(function* () {
      for (const before of [false, true]) {
        assert.deepStrictEqual(yield* spansOf({ ratio: 1, before, path: `/v1/payments/${paymentExample.id}` }), [
          "GET /v1/payments/:id",
          "inside"
        ])
      }
    })
  )

  it.effect("of which none is kept has no span at all", () =>
    Effect.gen(function* () {
      for (const before of [false, true]) assert.deepStrictEqual(yield* spansOf({ ratio: 0, before }), [])
    })
  )

  it.effect("is kept or not as a whole, by the share of traces", () =>
    Effect.gen(function* () {
      const names = yield* spansOf({ ratio: 0.5, times: 1_000 })
      const servers = names.filter((name) => name !== "inside")
      assert.approximately(servers.length, 500, 100)
      assert.lengthOf(names, 2 * servers.length)
    })
  )

  it.effect("has no span where nobody would see it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* spansOf({ ratio: 1, isTracing: false }), [])
    })
  )

  it.effect("has no span of a tracer that nobody has set", () =>
    Effect.gen(function* () {
      const inSpan = yield* serverSpans
      const request = HttpServerRequest.fromWeb(new Request("http://service.test/"))
      const status = Effect.match(Effect.currentSpan, { onFailure: () => 204, onSuccess: () => 200 })
      const answer = Effect.map(status, (status) => HttpServerResponse.empty({ status }))
      const answered = inSpan(request, answer)
      const { status: seen } = yield* Effect.provideService(answered, HttpServerRequest.HttpServerRequest, request)
      assert.strictEqual(seen, 204)
    })
  )

  it.effect("that shows a secret has no span, whatever share is kept", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* spansOf({ ratio: 1, path: "/v1/payments/4111111111111111" }), [])
    })
  )
})
