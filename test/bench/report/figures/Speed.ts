import { type Report, summaryOf } from "../Report.ts"
import { busyAbove, busyBelow, type Figure, paired } from "./Figure.ts"
import { capacity, isAt, isClosedAt, rateOf, sustained } from "./Scenarios.ts"

/** The highest of the fixed rates that were kept up, each answer in time. */
const highestKept = ({ scenarios }: Report): number => {
  const kept = scenarios.filter((one) => {
    const service = summaryOf(one, "service")
    return isAt(rateOf(one.scenario))(one.scenario) && service?.errors === 0 && service.ownP99 <= 80
  })
  return Math.max(0, ...kept.map(({ scenario }) => rateOf(scenario)))
}

export const speed: ReadonlyArray<Figure> = [
  {
    name: "sales a second, 0 ms gateway, of the baseline's",
    digits: 2,
    better: "higher",
    must: 0.8,
    goal: 1.1,
    measure: paired(isClosedAt(0), (service, baseline) => ({ value: service.rate / baseline.rate }))
  },
  {
    name: "sales a second kept up at 40 ms, own p99 ≤ 80 ms, no error",
    digits: 0,
    better: "higher",
    must: sustained,
    goal: 2_000,
    measure: paired(isAt(sustained), ({ runs, voidRuns }, _, report) => ({
      value: runs === voidRuns ? Number.NaN : highestKept(report),
      because: busyBelow(capacity(report), sustained)
    }))
  },
  {
    name: "own time at 100/s, p50 ms",
    digits: 1,
    better: "lower",
    must: 5,
    goal: 3,
    measure: paired(isAt(100), (service, baseline) => ({
      value: service.ownP50,
      because: busyAbove(baseline.ownP50, 2.5)
    }))
  },
  {
    name: "own time at 100/s, p99 ms",
    digits: 1,
    better: "lower",
    must: 20,
    goal: 10,
    measure: paired(isAt(100), (service, baseline) => ({
      value: service.ownP99,
      because: busyAbove(baseline.ownP99, 10)
    }))
  },
  {
    name: "GETs a second, of the baseline's",
    digits: 2,
    better: "higher",
    must: 0.7,
    goal: 0.9,
    measure: paired(
      ({ requests }) => requests === "get",
      (service, baseline) => ({ value: service.rate / baseline.rate })
    )
  }
]
