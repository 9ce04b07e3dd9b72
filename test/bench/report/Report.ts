import type { CommitCounts } from "../CommitCounts.ts"
import type { ContenderName } from "../Contenders.ts"
import type { describeMachine } from "../Machine.ts"
import type { Options } from "../Options.ts"
import { scenariosOf } from "../Programme.ts"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import { type Summary, summarize } from "../Summary.ts"
import type { TraceCounts } from "../TraceSink.ts"
import type { HeapGrowth } from "../trials/HeapGrowth.ts"
import type { OverloadRound } from "../trials/Overload.ts"
import type { StartTimes } from "../trials/StartTimes.ts"
import { tracingObjections } from "./TracedShare.ts"

/** All that one benchmark found, as it is written to the JSON file. */
export interface Report {
  readonly at: string
  readonly mode: Options["mode"]
  readonly machine: ReturnType<typeof describeMachine>
  readonly postgres: Readonly<Record<string, string>>
  /** Of the contender `services`. */
  readonly processes: number
  readonly scenarios: ReadonlyArray<ScenarioReport>
  readonly commits: CommitCounts | undefined
  readonly traces: TraceCounts
  readonly trials: TrialResults
  /** Of scenarios and trials, warm-ups included. */
  readonly runs: ReadonlyArray<RunResult>
}

/** Each is there if it was tried. */
export interface TrialResults {
  readonly heapGrowth?: ReadonlyArray<HeapGrowth> | undefined
  readonly overload?: ReadonlyArray<OverloadRound> | undefined
  readonly breakerRejection?: ReadonlyArray<RunResult> | undefined
  readonly start?: StartTimes | undefined
}

export interface ScenarioReport {
  readonly scenario: Scenario
  readonly summaries: ReadonlyArray<Summary>
}

export const scenarioReports = (
  { programme, contenders }: Pick<Options, "programme" | "contenders">,
  runs: ReadonlyArray<RunResult>
): ReadonlyArray<ScenarioReport> =>
  scenariosOf(programme).map((scenario) => ({
    scenario,
    summaries: contenders.map((name) => summarize(scenario, name, runs))
  }))

/** What proves nothing, with the reason: runs, or all of them. */
export const voids = (report: Pick<Report, "runs" | "traces">): ReadonlyArray<string> => [
  ...report.runs.flatMap(({ scenario, contender, objections }) =>
    objections.length === 0 ? [] : [`${contender}, ${scenario}: ${objections.join("; ")}`]
  ),
  ...tracingObjections(report).map((reason) => `all of the service: ${reason}`)
]

export const summaryOf = ({ summaries }: ScenarioReport, contender: ContenderName): Summary | undefined =>
  summaries.find((summary) => summary.contender === contender)
