import type { RunResult } from "../Run.ts"
import { sampledShare } from "../Service.ts"
import type { Report } from "./Report.ts"

/** How much of what the service was asked to sell was traced; NaN when it was not asked. */
export const tracedShare = ({ runs, traces }: Pick<Report, "runs" | "traces">): number =>
  traces.sales / salesAsked(runs)

export const salesAsked = (runs: ReadonlyArray<RunResult>): number =>
  runs
    .filter(({ contender, requests }) => contender !== "baseline" && requests === "sale")
    .reduce((sum, { load }) => sum + load.answers.count + errorsReceived(load.errors), 0)

const errorsReceived = (errors: Readonly<Record<string, number>>): number =>
  Object.entries(errors).reduce((sum, [kind, count]) => (kind.startsWith("not_sent") ? sum : sum + count), 0)

/** So many that chance alone takes the share nowhere near half of what it should be, or twice as much. */
const enough = 1_000

/** Tracing costs, so that figures of a service that traces less than production does would flatter it. */
export const tracingObjections = (report: Pick<Report, "runs" | "traces">): ReadonlyArray<string> => {
  const share = tracedShare(report)
  const isAsInProduction = share >= sampledShare / 2 && share <= sampledShare * 2
  return isAsInProduction || salesAsked(report.runs) < enough
    ? []
    : [`traces of ${(100 * share).toFixed(1)} % of the sales arrived, not of ${100 * sampledShare} %`]
}
