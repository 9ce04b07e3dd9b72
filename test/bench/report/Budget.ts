import { costs } from "./figures/Costs.ts"
import type { Figure, Measured } from "./figures/Figure.ts"
import { hardship } from "./figures/Hardship.ts"
import { speed } from "./figures/Speed.ts"
import type { Report } from "./Report.ts"

/** What was measured of one figure of the speed budget, and what that comes to. */
export interface Judgement {
  readonly figure: Figure
  readonly measured: number
  readonly verdict: "goal reached" | "kept" | "MISSED" | "goal missed" | "not judged" | "shown"
  /** Why it is not judged. */
  readonly because?: string | undefined
}

/** The figures that this report has something to say about. */
export const judge = (report: Report): ReadonlyArray<Judgement> =>
  [...speed, ...costs, ...hardship].flatMap((figure) => {
    const measured = figure.measure(report)
    return measured === undefined ? [] : [judgementOf(figure, measured)]
  })

const judgementOf = (figure: Figure, { value, because }: Measured): Judgement => {
  const { must, goal } = figure
  const unjudged = (because: string): Judgement => ({ figure, measured: value, verdict: "not judged", because })
  if (must === undefined && goal === undefined) return { figure, measured: value, verdict: "shown" }
  if (because !== undefined) return unjudged(because)
  if (Number.isNaN(value)) return unjudged("no valid run shows it")
  return { figure, measured: value, verdict: verdictOf(figure, value) }
}

const verdictOf = ({ better, goal, must, slack = 0 }: Figure, value: number): Judgement["verdict"] => {
  const reaches = (bound: number) => (better === "higher" ? value >= bound - slack : value <= bound + slack)
  if (goal !== undefined && reaches(goal)) return "goal reached"
  if (must === undefined) return "goal missed"
  return reaches(must) ? "kept" : "MISSED"
}

/** Whether the service does more for a sale than it may, which no busy machine excuses. */
export const hasMissedCount = (report: Report): boolean =>
  judge(report).some(({ figure, verdict }) => figure.isCount === true && verdict === "MISSED")
