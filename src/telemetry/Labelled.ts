import { Metric } from "effect"

/**
 * The metric with labels, made once for each combination of their values: putting a series' name together takes longer
 * than counting. The labels must come in one order, and have few values.
 */
export const labelled = <Input, State>(metric: Metric.Metric<Input, State>) => {
  const made = new Map<string, Metric.Metric<Input, State>>()
  return (labels: Readonly<Record<string, string>>): Metric.Metric<Input, State> => {
    const values = Object.values(labels).join("\n")
    const known = made.get(values)
    if (known !== undefined) return known
    const series = Metric.withAttributes(metric, labels)
    made.set(values, series)
    return series
  }
}
