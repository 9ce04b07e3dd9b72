import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpMiddleware, HttpServerRequest } from "effect/http"
import { untracedRequests } from "../../src/http/Untraced.ts"
import { samplingLayer } from "../../src/telemetry/Sampling.ts"

const request = (path = "/") => HttpServerRequest.fromWeb(new Request(`http://service.test${path}`))

/** Whether requests are left out of traces, of which this share is kept. */
const isUntracedAt = (ratio: number) =>
  Effect.provide(HttpMiddleware.TracerDisabledWhen, Layer.provide(untracedRequests, samplingLayer(ratio)))

describe("a request", () => {
  it.effect("is traced or not, however often that is asked", () =>
    Effect.gen(function* () {
      const isUntraced = yield* isUntracedAt(0.5)
      const answers = Array.from({ length: 1_000 }, () => {
        const one = request()
        // The server asks again only where a span may be made.
        return [isUntraced(one) || isUntraced(one), isUntraced(one)]
      })
      for (const [first, again] of answers) if (first === false) assert.isFalse(again)
      assert.approximately(answers.filter(([first]) => first === false).length, 500, 100)
    })
  )

  it.effect("that shows a secret is not traced, whatever share is kept", () =>
    Effect.gen(function* () {
      const isUntraced = yield* isUntracedAt(1)
      assert.isFalse(isUntraced(request("/v1/payments")))
      assert.isTrue(isUntraced(request("/v1/payments/4111111111111111")))
    })
  )
})
