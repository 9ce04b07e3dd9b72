import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { median } from "../Summary.ts"
import type { Report } from "./Report.ts"
import { summaryOf } from "./Report.ts"

export const saveReport = async (directory: string, report: Report): Promise<string> => {
  await mkdir(directory, { recursive: true })
  const path = join(directory, `${report.at.replaceAll(":", "-")}.json`)
  const withoutIds = (name: string, value: unknown) => (name === "ids" ? undefined : value)
  await writeFile(path, `${JSON.stringify(report, withoutIds, 2)}\n`)
  return path
}

/** Earlier reports; files that are none are passed over. */
export const readReports = async (directory: string): Promise<ReadonlyArray<Report>> => {
  const names = await readdir(directory).catch(() => [])
  const texts = names.filter((name) => name.endsWith(".json")).map((name) => readFile(join(directory, name), "utf8"))
  return (await Promise.all(texts)).flatMap((text) => {
    try {
      return [JSON.parse(text) as Report]
    } catch {
      return []
    }
  })
}

/** How fast the plain baseline was, against the median of earlier reports of this machine in the same scenario. */
export interface BaselinePace {
  readonly scenario: string
  readonly now: number
  readonly earlier: number
  readonly reports: number
}

/** Of the scenarios without a fixed rate, which show what the machine can give. */
export const baselinePaces = (report: Report, earlier: ReadonlyArray<Report>): ReadonlyArray<BaselinePace> => {
  const comparable = earlier.filter(
    ({ machine }) => machine.model === report.machine.model && machine.cores === report.machine.cores
  )
  return report.scenarios.flatMap(({ scenario, summaries }) => {
    const now = summaryOf({ scenario, summaries }, "baseline")?.rate
    if (now === undefined || scenario.arrivals.kind === "open") return []
    const rates = comparable
      .flatMap(({ scenarios }) => scenarios.filter((other) => other.scenario.name === scenario.name))
      .map((other) => summaryOf(other, "baseline")?.rate)
      // JSON has no NaN: the median of no valid run comes back as null.
      .filter((rate) => typeof rate === "number")
    return rates.length === 0 ? [] : [{ scenario: scenario.name, now, earlier: median(rates), reports: rates.length }]
  })
}
