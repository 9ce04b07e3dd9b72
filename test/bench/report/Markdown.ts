import type { ContenderName } from "../Contenders.ts"
import { judge } from "./Budget.ts"
import { type BaselinePace, baselinePaces } from "./History.ts"
import { type Report, voids } from "./Report.ts"
import { scenarioTables } from "./ScenarioTables.ts"
import { item, percent, round, table } from "./Table.ts"
import { salesAsked, tracedShare } from "./TracedShare.ts"
import { trialTables } from "./TrialTables.ts"

/** The report for people. */
export const markdown = (report: Report, earlier: ReadonlyArray<Report>): string => {
  const paces = baselinePaces(report, earlier)
  const facts = [...aboutMachine(report), ...aboutBusyness(report, paces), ...aboutCounts(report)]
  return [
    `# Benchmark of ${report.at} (${report.mode})`,
    "",
    ...facts.map(item),
    ...aboutBudget(report),
    ...scenarioTables(report),
    ...aboutColumns(report),
    ...trialTables(report),
    ...aboutVoid(report)
  ].join("\n")
}

const aboutMachine = ({ machine, postgres }: Report): ReadonlyArray<string> => [
  `${machine.cores} cores (${machine.model}), ${machine.memory_gib} GiB, ${machine.platform}, Node ${machine.node}; load average` +
    ` ${machine.load_average.join(" ")} at the start.`,
  "Load generator, simulator, Postgres, the sink for traces and the contenders share this machine.",
  `Postgres ${postgres.version}, fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronous_commit}, full_page_writes` +
    ` ${postgres.full_page_writes}.`,
  "The gateway closes each connection after its answer, as EPX does. Over plain HTTP unless a row says TLS; EPX itself is TLS."
]

/** Below this share of its earlier pace the baseline, which does not change, says that the machine has. */
const busyBelow = 0.9

/** Above this share of the machine, other processes count. */
const foreignAbove = 0.15

const aboutBusyness = ({ runs }: Report, paces: ReadonlyArray<BaselinePace>): ReadonlyArray<string> => {
  if (runs.length === 0) return []
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

const aboutCounts = (report: Report): ReadonlyArray<string> => {
  const { commits, runs, traces } = report
  const share = tracedShare(report)
  return [
    ...(commits === undefined
      ? []
      : [
          `Commits for each sale: ${namedCounts(commits.forEachSale)}. Write-ahead log meanwhile: ${round(commits.wal.counted / 2 ** 20)} MB` +
            ` by pg_stat_wal, ${round(commits.wal.position / 2 ** 20)} MB by the position in it.`
        ]),
    ...(Number.isNaN(share)
      ? []
      : [
          `Traces of ${round(100 * share, 1)} % of the service's sales arrived, ${round(traces.bytes / salesAsked(runs))} bytes for each sale.`
        ])
  ]
}

const namedCounts = (counts: Readonly<Partial<Record<ContenderName, number>>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${round(count, 2)}`)
    .join(", ")

const aboutBudget = (report: Report): ReadonlyArray<string> => {
  const judgements = judge(report)
  if (judgements.length === 0) return []
  const rows = judgements.map(({ figure: { digits, goal, must, name }, measured, verdict, because }) => [
    name,
    because === undefined ? verdict : `${verdict}: ${because}`,
    round(measured, digits),
    must === undefined ? "" : String(must),
    goal === undefined ? "" : String(goal)
  ])
  return ["", "## Budget of the service", "", ...table(["figure", "", "measured", "must", "goal"], rows, 2)]
}

const aboutColumns = ({ scenarios }: Report): ReadonlyArray<string> =>
  scenarios.length === 0
    ? []
    : [
        "",
        "Medians of the valid runs; `max` is the slowest answer of them all. `own` is the time in all less the gateway's, `loop`",
        "how late the event loop was. CPU is milliseconds of processor time. WAL is counted for the whole server, RSS at the end",
        "of the load."
      ]

const aboutVoid = (report: Report): ReadonlyArray<string> => {
  const reasons = voids(report)
  if (report.runs.length === 0) return []
  if (reasons.length === 0) {
    return ["", "In every run the gateway's ledger, the books in Postgres and the answers agree to the cent."]
  }
  return ["", "**VOID:**", "", ...reasons.map(item)]
}
