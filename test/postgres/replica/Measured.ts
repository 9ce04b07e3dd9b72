import { Effect, Metric } from "effect"

/** What the counter of fallbacks shows for a reason. */
export const fallbacks = Effect.fnUntraced(function* (reason: string) {
  const all = yield* Metric.snapshot
  return all.reduce(
    (sum, metric) =>
      metric.type === "Counter" && metric.id === "db_replica_fallbacks_total" && metric.attributes?.reason === reason
        ? sum + Number(metric.state.count)
        : sum,
    0
  )
})

/** What the gauge of the lag shows. */
export const lag = Effect.map(
  Metric.snapshot,
  (all) =>
    all.flatMap((metric) =>
      metric.type === "Gauge" && metric.id === "db_replica_lag_seconds" ? [Number(metric.state.value)] : []
    )[0]
)
