import type { Scenario } from "../../Scenario.ts"
import type { Summary } from "../../Summary.ts"
import { type Report, summaryOf } from "../Report.ts"

/** One row of the speed budget. */
export interface Figure {
  readonly name: string
  readonly digits: number
  readonly better: "higher" | "lower"
  /** Left out where the figure is only shown. */
  readonly must?: number
  readonly goal?: number
  /** By so much it may be off; the rest of what is counted is not of payments. */
  readonly slack?: number
  /** A number of operations, which no machine makes larger or smaller. */
  readonly isCount?: true
  /** Nothing when this report has nothing to say about it. */
  readonly measure: (report: Report) => Measured | undefined
}

export interface Measured {
  /** NaN where there was no valid run. */
  readonly value: number
  /** Why it says nothing: the machine was not free enough for absolute rates and times, or nothing of the kind happened. */
  readonly because?: string | undefined
}

/** Of the first scenario that applies, if both contenders played it. */
export const paired =
  (
    applies: (scenario: Scenario) => boolean,
    measure: (service: Summary, baseline: Summary, report: Report) => Measured
  ) =>
  (report: Report): Measured | undefined => {
    const found = report.scenarios.find(({ scenario }) => applies(scenario))
    const service = found && summaryOf(found, "service")
    const baseline = found && summaryOf(found, "baseline")
    return service && baseline && measure(service, baseline, report)
  }

/** Absolute times count in runs in which the baseline needs no more than half of them. */
export const busyAbove = (baseline: number, half: number, unit = "ms"): string | undefined => {
  if (Number.isNaN(baseline)) return noBaseline
  if (baseline <= half) return undefined
  return `the baseline itself needs ${Number(baseline.toPrecision(3))} ${unit}, and should need at most ${half}`
}

/** Absolute rates count in runs in which the baseline sustains 1.2 times as much. */
export const busyBelow = (baseline: number, rate: number): string | undefined => {
  if (Number.isNaN(baseline)) return noBaseline
  if (baseline >= 1.2 * rate) return undefined
  return `the baseline itself gives ${Math.floor(baseline)}/s, and should give ${1.2 * rate}`
}

const noBaseline = "the baseline has no valid run that tells how free the machine was"
