import type { ContenderName } from "../Contenders.ts"
import { fullProgramme, scenariosOf } from "../Programme.ts"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import type { Summary } from "../Summary.ts"
import type { Report } from "./Report.ts"

const latency = { p50: 1, p90: 2, p99: 3, max: 4 }

/** A run of the service in which everything was well. */
export const sampleRun = (
  change: Partial<Omit<RunResult, "load">> & { readonly load?: Partial<RunResult["load"]> } = {}
): RunResult => ({
  scenario: "sale",
  requests: "sale",
  contender: "service",
  objections: [],
  cpuForEach: { contender: 0.5, postgres: 0.5, simulator: 0.3, load: 0.2 },
  statementsForEach: 1.5,
  walBytesForEach: 4_000,
  resident: 250,
  eventLoopDelay: { p50: 0, p99: 2, max: 9 },
  machine: { idle: 0.1, foreign: 0.01, stolen: 0 },
  ...change,
  load: {
    rate: 1_000,
    latency,
    lateness: latency,
    refusals: { count: 0, latency },
    answers: { count: 10_000, cents: 999 },
    errors: {},
    ids: [],
    ...change.load
  }
})

const summaryOf = (contender: ContenderName, scenario: Scenario): Summary => ({
  contender,
  runs: 5,
  voidRuns: 0,
  errors: 0,
  rate: scenario.arrivals.kind === "open" ? scenario.arrivals.perSecond : contender === "baseline" ? 2_000 : 2_400,
  p50: scenario.gatewayMillis + 2,
  p99: scenario.gatewayMillis + 8,
  max: 100,
  ownP50: 2,
  ownP99: 8,
  cpu: { contender: 0.5, postgres: 0.5, simulator: 0.3, load: 0.2 },
  resident: 250,
  loopP99: 2,
  statements: 1.5,
  walBytes: 4_000
})

/** A report of a free machine, on which all goals are reached; `change` spoils summaries. */
export const sampleReport = (
  change: (summary: Summary, scenario: Scenario) => Partial<Summary> = () => ({})
): Report => ({
  at: "2026-01-01T00:00:00.000Z",
  mode: "full",
  machine: {
    cores: 2,
    model: "x",
    memory_gib: 8,
    platform: "linux x64",
    node: "v24",
    load_average: [0, 0, 0]
  },
  postgres: { version: "18", fsync: "on", synchronous_commit: "on", full_page_writes: "on" },
  processes: 2,
  scenarios: scenariosOf(fullProgramme({ inFlight: 64, rate: undefined })).map((scenario) => ({
    scenario,
    summaries: (["baseline", "service"] as const)
      .map((name) => summaryOf(name, scenario))
      .map((summary) => ({ ...summary, ...change(summary, scenario) }))
  })),
  commits: { forEachSale: { baseline: 2, service: 1.2 }, wal: { counted: 2 ** 20, position: 2 ** 20 } },
  traces: { requests: 10, bytes: 1_000_000, sales: 1_000 },
  trials: {
    heapGrowth: [{ contender: "service", sales: 10_000, before: 50, after: 50.5 }],
    overload: [{ knee: sampleRun(), asked: 3_000, overload: sampleRun({ load: { refusals: { count: 9, latency } } }) }],
    breakerRejection: (["baseline", "service"] as const).map((contender) =>
      sampleRun({ contender, load: { refusals: { count: 9, latency: { ...latency, p99: 0.9 } } } })
    ),
    start: { alone: [700], warm: [900], baseline: [300] }
  },
  runs: [sampleRun()]
})
