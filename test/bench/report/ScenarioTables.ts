import type { Summary } from "../Summary.ts"
import type { Report, ScenarioReport } from "./Report.ts"
import { ratio, round, table } from "./Table.ts"

interface Column {
  readonly title: string
  readonly value: (summary: Summary) => number | undefined
  readonly digits: number
}

const times: ReadonlyArray<Column> = [
  { title: "rate/s", value: ({ rate }) => rate, digits: 0 },
  { title: "p50 ms", value: ({ p50 }) => p50, digits: 1 },
  { title: "p99 ms", value: ({ p99 }) => p99, digits: 1 },
  { title: "max ms", value: ({ max }) => max, digits: 0 },
  { title: "own p50", value: ({ ownP50 }) => ownP50, digits: 1 },
  { title: "own p99", value: ({ ownP99 }) => ownP99, digits: 1 },
  { title: "loop p99", value: ({ loopP99 }) => loopP99, digits: 1 }
]

const costs: ReadonlyArray<Column> = [
  { title: "CPU ms", value: ({ cpu }) => cpu.contender, digits: 2 },
  { title: "of Postgres", value: ({ cpu }) => cpu.postgres, digits: 2 },
  { title: "of simulator", value: ({ cpu }) => cpu.simulator, digits: 2 },
  { title: "of load", value: ({ cpu }) => cpu.load, digits: 2 },
  { title: "statements", value: ({ statements }) => statements, digits: 2 },
  { title: "WAL bytes", value: ({ walBytes }) => walBytes, digits: 0 },
  { title: "RSS MB", value: ({ resident }) => resident, digits: 0 }
]

export const scenarioTables = ({ scenarios, processes }: Report): ReadonlyArray<string> => {
  if (scenarios.length === 0) return []
  const nameOf = ({ contender }: Summary) => (contender === "services" ? `${processes} services` : contender)
  const rowsOf = (columns: ReadonlyArray<Column>, counts: (summary: Summary) => ReadonlyArray<string>) =>
    scenarios.flatMap((scenario) => rows(scenario, columns, counts, nameOf))
  const title = (columns: ReadonlyArray<Column>) => ["", "", ...columns.map((column) => column.title)]
  return [
    "",
    "## Times",
    "",
    ...table([...title(times), "errors", "runs"], rowsOf(times, runsOf), 2),
    "",
    "## Costs of one payment",
    "",
    ...table(
      title(costs),
      rowsOf(costs, () => []),
      2
    )
  ]
}

const rows = (
  { scenario, summaries }: ScenarioReport,
  columns: ReadonlyArray<Column>,
  counts: (summary: Summary) => ReadonlyArray<string>,
  nameOf: (summary: Summary) => string
): ReadonlyArray<ReadonlyArray<string>> => {
  const [first, second] = summaries
  const one = (summary: Summary, n: number) => [
    n === 0 ? scenario.name : "",
    nameOf(summary),
    ...columns.map(({ value, digits }) => round(value(summary), digits)),
    ...counts(summary)
  ]
  const quotient = (a: Summary, b: Summary) => [
    "",
    `${nameOf(a)} / ${nameOf(b)}`,
    ...columns.map(({ value }) => ratio(value(a), value(b))),
    ...counts(a).map(() => "")
  ]
  return [...summaries.map(one), ...(first && second ? [quotient(second, first)] : [])]
}

const runsOf = ({ errors, runs, voidRuns }: Summary): ReadonlyArray<string> => [
  String(errors),
  voidRuns > 0 ? `${runs} (${voidRuns} VOID)` : String(runs)
]
