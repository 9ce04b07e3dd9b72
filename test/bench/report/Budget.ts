import type { Summary } from "../Summary.ts"
import type { Report, ScenarioReport } from "./Report.ts"
import { summaryOf } from "./Report.ts"

/** One figure of the speed budget and what was measured of it. */
export interface Judgement {
  readonly figure: string
  readonly measured: number
  readonly must: number
  readonly goal: number
  readonly verdict: "goal reached" | "kept" | "MISSED" | "not judged"
}

interface Pair {
  readonly service: Summary
  readonly baseline: Summary
}

interface Figure {
  readonly name: string
  readonly applies: (scenario: ScenarioReport["scenario"]) => boolean
  readonly measure: (pair: Pair, report: Report) => number
  readonly must: number
  readonly goal: number
  readonly better: "higher" | "lower"
  /** Whether the machine was free enough; absolute times and rates mean nothing on a busy one. Left out for ratios and counts. */
  readonly canJudge?: (pair: Pair, report: Report) => boolean
}

const isThroughput = ({ requests, arrivals }: ScenarioReport["scenario"]) =>
  requests === "sale" && arrivals.kind === "closed"

const isOpenAt =
  (perSecond: number) =>
  ({ arrivals, gatewayMillis }: ScenarioReport["scenario"]) =>
    gatewayMillis === 40 && arrivals.kind === "open" && arrivals.perSecond === perSecond

/** What the baseline sustains where nothing fixes its rate. */
const baselineCapacity = ({ scenarios }: Report): number => {
  const throughput = scenarios.find(({ scenario }) => isThroughput(scenario))
  return (throughput && summaryOf(throughput, "baseline")?.rate) ?? 0
}

/** Two, and a little for what a process does when it starts and while it idles. */
const two = 2.05

const figures: ReadonlyArray<Figure> = [
  {
    name: "sales a second, 0 ms gateway, of the baseline's",
    applies: isThroughput,
    measure: ({ service, baseline }) => service.rate / baseline.rate,
    must: 0.8,
    goal: 1.1,
    better: "higher"
  },
  {
    name: "GETs a second, of the baseline's",
    applies: ({ requests }) => requests === "get",
    measure: ({ service, baseline }) => service.rate / baseline.rate,
    must: 0.7,
    goal: 0.9,
    better: "higher"
  },
  {
    name: "statements for each sale",
    applies: isThroughput,
    measure: ({ service }) => service.statements,
    must: 4,
    goal: two,
    better: "lower"
  },
  {
    name: "commits for each sale",
    applies: isThroughput,
    measure: (_, { commitsForEach }) => commitsForEach.service ?? Number.NaN,
    must: two,
    goal: two,
    better: "lower"
  },
  {
    name: "CPU of the service for each sale, ms",
    applies: isThroughput,
    measure: ({ service }) => service.cpu.contender ?? Number.NaN,
    must: 1.2,
    goal: 0.7,
    better: "lower"
  },
  {
    name: "own time at 100/s, p50 ms",
    applies: isOpenAt(100),
    measure: ({ service }) => service.ownP50,
    must: 5,
    goal: 3,
    better: "lower",
    canJudge: ({ baseline }) => baseline.ownP50 <= 2.5
  },
  {
    name: "own time at 100/s, p99 ms",
    applies: isOpenAt(100),
    measure: ({ service }) => service.ownP99,
    must: 20,
    goal: 10,
    better: "lower",
    canJudge: ({ baseline }) => baseline.ownP99 <= 10
  },
  {
    name: "own time at 1,200/s without an error, p99 ms",
    applies: isOpenAt(1_200),
    measure: ({ service }) => (service.errors > 0 ? Number.POSITIVE_INFINITY : service.ownP99),
    must: 80,
    goal: 80,
    better: "lower",
    canJudge: (_, report) => baselineCapacity(report) >= 1.2 * 1_200
  },
  {
    name: "RSS at 1,200/s, MB",
    applies: isOpenAt(1_200),
    measure: ({ service }) => service.resident,
    must: 400,
    goal: 300,
    better: "lower",
    canJudge: (_, report) => baselineCapacity(report) >= 1.2 * 1_200
  }
]

/** The figures that this report has something to say about. */
export const judge = (report: Report): ReadonlyArray<Judgement> =>
  figures.flatMap((figure) => {
    const found = report.scenarios.find(({ scenario }) => figure.applies(scenario))
    const service = found && summaryOf(found, "service")
    const baseline = found && summaryOf(found, "baseline")
    if (service === undefined || baseline === undefined) return []
    const pair = { service, baseline }
    const { name, must, goal } = figure
    const measured = figure.measure(pair, report)
    return [{ figure: name, measured, must, goal, verdict: verdictOf(figure, measured, pair, report) }]
  })

const verdictOf = (figure: Figure, measured: number, pair: Pair, report: Report): Judgement["verdict"] => {
  if (Number.isNaN(measured) || figure.canJudge?.(pair, report) === false) return "not judged"
  const reaches = (bound: number) => (figure.better === "higher" ? measured >= bound : measured <= bound)
  if (reaches(figure.goal)) return "goal reached"
  return reaches(figure.must) ? "kept" : "MISSED"
}
