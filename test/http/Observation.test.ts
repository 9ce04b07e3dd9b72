import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { HttpServerRequest } from "effect/http"
import { observe } from "../../src/http/Observation.ts"

const asked = (method: string) => HttpServerRequest.fromWeb(new Request("http://service.test/", { method }))

const seriesOf = Effect.fnUntraced(
  function* (methods: ReadonlyArray<string>) {
    yield* Effect.forEach(methods, (method) => observe(asked(method), 404, 0n))
    return (yield* Metric.snapshot).map(({ attributes }) => attributes?.["method"]).sort()
  },
  Effect.provideService(Metric.MetricRegistry, new Map())
)

describe("what is counted of requests", () => {
  it.effect("has a series for each method that there is, and one for whatever a client makes up", () =>
    Effect.gen(function* () {
      const madeUp = Array.from({ length: 100 }, (_, n) => `MADE-UP-${n}`)
      assert.deepStrictEqual(yield* seriesOf(["GET", "POST", ...madeUp, "GET"]), ["GET", "POST", "_OTHER"])
    })
  )
})
