import { Effect, Metric } from "effect"

/** A gauge whose value is read when metrics are scraped, instead of pushed at each change. */
export const gauge = Effect.fnUntraced(function* (
  metric: Metric.Metric<number, Metric.GaugeState<number>>,
  get: () => number
) {
  const context = yield* Effect.context<never>()
  const { remove } = Metric.registerUnsafe(metric, context, {
    get: () => ({ value: get() }),
    update: () => {},
    modify: () => {}
  })
  yield* Effect.addFinalizer(() => Effect.sync(remove))
})
