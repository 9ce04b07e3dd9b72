import { boundaries } from "../../src/transactions/Boundary.ts"
import { type FaultName, faults } from "./Cells.ts"
import { operations } from "./Operations.ts"
import type { Verdict } from "./Verdict.ts"

/** What became of a run of the matrix. */
export interface Totals {
  readonly cells: number
  readonly faultsFired: number
  /** Calls that were due at the gateway, and those of them that it carried out. */
  readonly due: number
  readonly observed: number
  readonly leftToPeople: number
  readonly violations: number
}

const count = <A>(items: ReadonlyArray<A>, holds: (item: A) => boolean): number => items.filter(holds).length

const totalsOf = (verdicts: ReadonlyArray<Verdict>): Totals => ({
  cells: verdicts.length,
  faultsFired:
    count(verdicts, ({ cell, hasFired }) => hasFired && cell.fault !== "none") +
    verdicts.reduce((sum, { laterFaults }) => sum + laterFaults, 0),
  due: count(verdicts, ({ isDue }) => isDue),
  observed: count(verdicts, ({ isDue, isObserved }) => isDue && isObserved),
  leftToPeople: count(verdicts, ({ isLeftToPeople }) => isLeftToPeople),
  violations: count(verdicts, ({ violations }) => violations.length > 0)
})

const initials = Object.keys(faults).filter((name) => name !== "none")

/** Cells of one operation at one boundary, and how many faults of each kind fired there. */
const entry = (verdicts: ReadonlyArray<Verdict>): string => {
  const fired = initials.map((fault) => count(verdicts, ({ cell, hasFired }) => hasFired && cell.fault === fault))
  return verdicts.length === 0 ? "-" : `${verdicts.length} (${fired.join(" ")})`
}

/** One row for each operation, one column for each boundary, and a last line with the totals. */
export const table = (verdicts: ReadonlyArray<Verdict>, seconds: number): string => {
  const rows = operations
    .map(({ name }) => [name, verdicts.filter(({ cell }) => cell.operation.name === name)] as const)
    .filter(([, own]) => own.length > 0)
    .map(([name, own]) => [name, ...boundaries.map((at) => entry(own.filter(({ cell }) => cell.boundary === at)))])
  const { cells, due, faultsFired, leftToPeople, observed, violations } = totalsOf(verdicts)
  return [
    `Cells, and in brackets how many faults fired: ${initials.map(spoken).join(", ")}`,
    "",
    ...aligned([["operation", ...boundaries.map(spoken)], ...rows]),
    "",
    ...byBlow(verdicts),
    "",
    `cells ${cells}, faults fired ${faultsFired}, charges observed ${observed} of ${due} due, left to people ${leftToPeople}, violations ${violations}, ${seconds.toFixed(0)} s`
  ].join("\n")
}

const byBlow = (verdicts: ReadonlyArray<Verdict>) =>
  [...Map.groupBy(verdicts, ({ cell }) => cell.blow)].map(
    ([blow, own]) => `${blow}: ${own.length} cells, ${count(own, ({ hasFired }) => hasFired)} met their fault`
  )

const spoken = (name: FaultName | string) => name.replaceAll("_", " ")

const aligned = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
  )
}
