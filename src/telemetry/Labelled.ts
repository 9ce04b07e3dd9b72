import type { Metric } from "effect"

type Labels = Readonly<Record<string, string>>

/**
 * A metric with labels, of which each series is made once: putting its name together takes longer than counting. So
 * would adding labels to the context of whoever counts, as `Metric.withAttributes` does. The labels must come in one
 * order, and have few values.
 */
export const labelled = <Input, State>(make: (labels: Labels) => Metric.Metric<Input, State>) => {
  const made = new Map<string, Metric.Metric<Input, State>>()
  return (labels: Labels): Metric.Metric<Input, State> => {
    const values = Object.values(labels).join("\n")
    const known = made.get(values)
    if (known !== undefined) return known
    const series = make(labels)
    made.set(values, series)
    return series
  }
}
