import type { Scenario } from "../../Scenario.ts"
import { type Report, summaryOf } from "../Report.ts"

const isPlainSale = ({ isTls, requests }: Scenario): boolean => requests === "sale" && isTls !== true

export const isClosedAt = (millis: number) => (scenario: Scenario) =>
  isPlainSale(scenario) && scenario.gatewayMillis === millis && scenario.arrivals.kind === "closed"

export const rateOf = ({ arrivals }: Scenario): number => (arrivals.kind === "open" ? arrivals.perSecond : 0)

export const isAt = (perSecond: number) => (scenario: Scenario) =>
  isPlainSale(scenario) && scenario.gatewayMillis === 40 && rateOf(scenario) === perSecond

/** What the baseline gives when nothing but itself holds it back, at 40 ms. */
export const capacity = ({ scenarios }: Report): number => {
  const found = scenarios.find(({ scenario }) => isClosedAt(40)(scenario))
  return (found && summaryOf(found, "baseline")?.rate) ?? Number.NaN
}

/** The rate that the service must keep up, in sales a second at 40 ms. */
export const sustained = 1_200
