import type { describeMachine } from "../Machine.ts"
import type { ContenderName, Options, Scenario } from "../Options.ts"
import type { RunResult } from "../Run.ts"
import { type Summary, summarize } from "../Summary.ts"
import type { TraceCounts } from "../TraceSink.ts"

/** All that one benchmark found, as it is written to the JSON file. */
export interface Report {
  readonly at: string
  readonly mode: Options["mode"]
  readonly machine: ReturnType<typeof describeMachine>
  readonly postgres: Readonly<Record<string, string>>
  readonly scenarios: ReadonlyArray<ScenarioReport>
  /** Over all sales of a contender, those of the warm-up included. */
  readonly commitsForEach: Readonly<Partial<Record<ContenderName, number>>>
  /** Of the service: what the sink got, and the sales it was got for. */
  readonly traces: TraceCounts & { readonly made: number }
  readonly runs: ReadonlyArray<RunResult>
}

export interface ScenarioReport {
  readonly scenario: Scenario
  readonly summaries: ReadonlyArray<Summary>
}

export const scenarioReports = (
  { scenarios, contenders }: Pick<Options, "scenarios" | "contenders">,
  runs: ReadonlyArray<RunResult>
): ReadonlyArray<ScenarioReport> =>
  scenarios.map((scenario) => ({ scenario, summaries: contenders.map((name) => summarize(scenario, name, runs)) }))

/** Runs that prove nothing, with the reason. */
export const voidRuns = ({ runs }: Pick<Report, "runs">): ReadonlyArray<string> =>
  runs.flatMap(({ scenario, contender, objections }) =>
    objections.length === 0 ? [] : [`${contender}, ${scenario}: ${objections.join("; ")}`]
  )

export const summaryOf = ({ summaries }: ScenarioReport, contender: ContenderName): Summary | undefined =>
  summaries.find((summary) => summary.contender === contender)
