import { assert, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { labelled } from "../../src/telemetry/Labelled.ts"

it.effect("a labelled metric counts each combination of values by itself", () =>
  Effect.gen(function* () {
    const of = labelled((attributes) => Metric.counter("test_labelled_total", { attributes }))
    const kinds = [
      { method: "GET", route: "/a" },
      { method: "GET", route: "/b" },
      { method: "GET/a", route: "" }
    ]
    for (const [index, labels] of kinds.entries()) yield* Metric.update(of(labels), index + 1)
    for (const labels of kinds) yield* Metric.update(of(labels), 10)
    const counts = yield* Effect.forEach(kinds, (labels) => Metric.value(of(labels)))
    assert.deepStrictEqual(
      counts.map(({ count }) => count),
      [11, 12, 13]
    )
    const shown = (yield* Metric.snapshot).filter(({ id }) => id === "test_labelled_total")
    assert.deepStrictEqual(
      shown.map(({ attributes }) => attributes),
      kinds
    )
    assert.strictEqual(of({ method: "GET", route: "/a" }), of({ method: "GET", route: "/a" }))
  })
)
