import type { ContenderName } from "./Contenders.ts"
import { mapRoles, type Role } from "./Costs.ts"
import type { RunResult } from "./Run.ts"
import type { Scenario } from "./Scenario.ts"

/** Medians of the valid runs of one contender in one scenario; NaN where there was none. Times in milliseconds. */
export interface Summary {
  readonly contender: ContenderName
  readonly runs: number
  readonly voidRuns: number
  readonly errors: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
  /** The slowest answer of all runs. */
  readonly max: number
  /** Total less the gateway's time. */
  readonly ownP50: number
  readonly ownP99: number
  readonly cpu: Readonly<Record<Role, number | undefined>>
  readonly resident: number
  /** How late the event loop was, p99. */
  readonly loopP99: number
  readonly statements: number
  readonly walBytes: number
}

export const summarize = (scenario: Scenario, contender: ContenderName, all: ReadonlyArray<RunResult>): Summary => {
  const runs = all.filter((run) => run.scenario === scenario.name && run.contender === contender)
  const valid = runs.filter(({ objections }) => objections.length === 0)
  const middle = (value: (run: RunResult) => number | undefined) => median(valid.map((run) => value(run) ?? Number.NaN))
  const p50 = middle(({ load }) => load.latency.p50)
  const p99 = middle(({ load }) => load.latency.p99)
  return {
    contender,
    runs: runs.length,
    voidRuns: runs.length - valid.length,
    errors: runs.reduce((sum, { load }) => sum + Object.values(load.errors).reduce((a, b) => a + b, 0), 0),
    rate: middle(({ load }) => load.rate),
    p50,
    p99,
    max: Math.max(...valid.map(({ load }) => load.latency.max)),
    ownP50: p50 - scenario.gatewayMillis,
    ownP99: p99 - scenario.gatewayMillis,
    cpu: mapRoles((role) => middle((run) => run.cpuForEach[role])),
    resident: middle((run) => run.resident),
    loopP99: middle((run) => run.eventLoopDelay.p99),
    statements: middle((run) => run.statementsForEach),
    walBytes: middle((run) => run.walBytesForEach)
  }
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}
