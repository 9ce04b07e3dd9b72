import type { Summary } from "../Summary.ts"
import { judge } from "./Budget.ts"
import { type BaselinePace, baselinePaces } from "./History.ts"
import { type Report, type ScenarioReport, voidRuns } from "./Report.ts"

/** The report for people. */
export const markdown = (report: Report, earlier: ReadonlyArray<Report>): string =>
  [
    `# Benchmark of ${report.at} (${report.mode})`,
    "",
    ...aboutMachine(report),
    ...aboutBusyness(report, baselinePaces(report, earlier)),
    ...report.scenarios.flatMap((scenario) => ["", `## ${scenario.scenario.name}`, "", ...table(scenario)]),
    ...aboutBudget(report),
    "",
    ...aboutCommits(report),
    "Medians of the valid runs; `max` is the slowest answer of them all. CPU is milliseconds of processor time for each",
    "payment, by process. `own` is the time in all less the gateway's. WAL is counted for the whole server.",
    ...aboutVoid(report)
  ].join("\n")

const aboutMachine = ({ machine, postgres }: Report): ReadonlyArray<string> => [
  `${machine.cores} cores (${machine.model}), ${machine.memory_gib} GiB, ${machine.platform}, Node ${machine.node}; load average` +
    ` ${machine.load_average.join(" ")} at the start. Load generator, simulator, Postgres and contenders share this machine.`,
  `Postgres ${postgres.version}, fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronous_commit}, full_page_writes` +
    ` ${postgres.full_page_writes}. The gateway speaks plain HTTP and closes each connection after its answer.`
]

/** Below this share of its earlier pace the baseline, which does not change, says that the machine has. */
const busyBelow = 0.9

/** Above this share of the machine, other processes count. */
const foreignAbove = 0.15

const aboutBusyness = ({ runs }: Report, paces: ReadonlyArray<BaselinePace>): ReadonlyArray<string> => {
  const foreign = Math.max(0, ...runs.map(({ machine }) => machine?.foreign ?? 0))
  const stolen = Math.max(0, ...runs.map(({ machine }) => machine?.stolen ?? 0))
  return [
    ...paces.map(
      ({ scenario, now, earlier, reports }) =>
        `${now < busyBelow * earlier ? "**The machine was busy.** " : ""}Baseline in "${scenario}": ${round(now)}/s, the median of` +
        ` ${reports} earlier reports is ${round(earlier)}/s.`
    ),
    `${foreign > foreignAbove ? "**Others used this machine.** " : ""}Besides ours, at most ${percent(foreign)} of the processor time` +
      ` of a run was used, and ${percent(stolen)} was taken by other machines on this host.`
  ]
}

interface Column {
  readonly title: string
  readonly value: (summary: Summary) => number | undefined
  readonly digits: number
}

const columns: ReadonlyArray<Column> = [
  { title: "rate/s", value: ({ rate }) => rate, digits: 0 },
  { title: "p50 ms", value: ({ p50 }) => p50, digits: 1 },
  { title: "p99 ms", value: ({ p99 }) => p99, digits: 1 },
  { title: "max ms", value: ({ max }) => max, digits: 0 },
  { title: "own p50", value: ({ ownP50 }) => ownP50, digits: 1 },
  { title: "own p99", value: ({ ownP99 }) => ownP99, digits: 1 },
  { title: "CPU own", value: ({ cpu }) => cpu.contender, digits: 2 },
  { title: "CPU Postgres", value: ({ cpu }) => cpu.postgres, digits: 2 },
  { title: "CPU simulator", value: ({ cpu }) => cpu.simulator, digits: 2 },
  { title: "CPU load", value: ({ cpu }) => cpu.load, digits: 2 },
  { title: "RSS MB", value: ({ resident }) => resident, digits: 0 },
  { title: "statements", value: ({ statements }) => statements, digits: 2 },
  { title: "WAL bytes", value: ({ walBytes }) => walBytes, digits: 0 }
]

const table = ({ summaries }: ScenarioReport): ReadonlyArray<string> => {
  const [first, second] = summaries
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [
    line(["", ...columns.map(({ title }) => title), "errors", "runs"]),
    line(["---", ...columns.map(() => "---:"), "---:", "---:"]),
    ...summaries.map((summary) =>
      line([
        summary.contender,
        ...columns.map(({ value, digits }) => round(value(summary), digits)),
        String(summary.errors),
        summary.voidRuns > 0 ? `${summary.runs} (${summary.voidRuns} VOID)` : String(summary.runs)
      ])
    ),
    ...(first && second
      ? [
          line([
            `${second.contender} / ${first.contender}`,
            ...columns.map(({ value }) => ratio(value(second), value(first))),
            "",
            ""
          ])
        ]
      : [])
  ]
}

const aboutBudget = (report: Report): ReadonlyArray<string> => {
  const judgements = judge(report)
  if (judgements.length === 0) return []
  return [
    "",
    "## Budget of the service",
    "",
    "| figure | measured | must | goal | |",
    "| --- | ---: | ---: | ---: | --- |",
    ...judgements.map(
      ({ figure, measured, must, goal, verdict }) =>
        `| ${figure} | ${round(measured, 2)} | ${must} | ${goal} | ${verdict} |`
    ),
    "",
    "Not judged: the machine was too busy for absolute figures, as the baseline shows, or there was no valid run."
  ]
}

const aboutCommits = ({ commitsForEach }: Report): ReadonlyArray<string> => {
  const counts = Object.entries(commitsForEach).map(([name, commits]) => `${name} ${round(commits, 2)}`)
  return [`Commits for each sale: ${counts.join(", ")}.`, ""]
}

const aboutVoid = (report: Report): ReadonlyArray<string> => {
  const reasons = voidRuns(report)
  if (reasons.length === 0) {
    return ["", "In every run the gateway's ledger, the books in Postgres and the answers agree to the cent."]
  }
  return [
    "",
    `**${reasons.length} of ${report.runs.length} runs are VOID:**`,
    ...reasons.map((reason) => `- ${reason}`)
  ]
}

const round = (value: number | undefined, digits = 0): string =>
  value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits)

const ratio = (value: number | undefined, base: number | undefined): string =>
  value === undefined || base === undefined ? "–" : round(value / base, 2)

const percent = (share: number): string => `${round(share * 100)} %`
