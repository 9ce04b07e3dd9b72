import { Effect, Metric } from "effect"

/** A gauge whose value is read when metrics are scraped, instead of pushed at each change. */
export const gauge = (metric: Metric.Metric<number, Metric.GaugeState<number>>, get: () => number) =>
  readWhenAsked(metric, () => ({ value: get() }))

/** The same of what only grows. */
export const counter = (metric: Metric.Metric<number, Metric.CounterState<number>>, get: () => number) =>
  readWhenAsked(metric, () => ({ count: get(), incremental: true }))

const readWhenAsked = Effect.fnUntraced(function* <State>(metric: Metric.Metric<number, State>, get: () => State) {
  const context = yield* Effect.context<never>()
  const { remove } = Metric.registerUnsafe(metric, context, { get, update: () => {}, modify: () => {} })
  yield* Effect.addFinalizer(() => Effect.sync(remove))
})
