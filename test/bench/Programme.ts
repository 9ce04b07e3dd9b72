import { isDeepStrictEqual } from "node:util"
import { closedSales, openSales, reads, type Scenario } from "./Scenario.ts"

/** What one benchmark goes through. */
export interface Programme {
  /** Sales at a pace that leaves nobody behind: commits are counted over them. */
  readonly counted: ReadonlyArray<Scenario>
  /** What needs payments to read, or goes to the limit. */
  readonly further: ReadonlyArray<Scenario>
  /** Played by contenders of their own, which speak TLS to the gateway. */
  readonly tls: ReadonlyArray<Scenario>
  readonly trials: ReadonlyArray<Trial>
}

/** What is measured in a way of its own. */
export const trials = ["heap growth", "overload", "breaker rejection", "start to ready"] as const
export type Trial = (typeof trials)[number]

export interface ProgrammeOptions {
  /** Where the rate is not fixed. */
  readonly inFlight: number
  /** In place of every fixed rate. */
  readonly rate: number | undefined
}

export const quickProgramme = ({ inFlight, rate = 600 }: ProgrammeOptions): Programme => ({
  counted: [closedSales(0, inFlight), openSales(40, rate)],
  further: [],
  tls: [],
  trials: []
})

export const fullProgramme = ({ inFlight, rate }: ProgrammeOptions): Programme => {
  const sales = (gatewayMillis: number, ...rates: ReadonlyArray<number>) =>
    (rate === undefined ? rates : [rate]).map((one) => openSales(gatewayMillis, one))
  return {
    counted: [closedSales(0, inFlight), ...sales(40, 100, 600), ...sales(200, 600), ...sales(350, 600)],
    // At 40 ms, so many more in flight are what keeps a contender busy.
    further: [closedSales(40, 2 * inFlight), ...(rate === undefined ? sales(40, 1_200, 2_000) : []), reads(inFlight)],
    tls: [closedSales(0, inFlight, true), openSales(40, rate ?? 600, true)],
    trials
  }
}

/** In the order in which they are shown: what was played over TLS beside the same over plain HTTP. */
export const scenariosOf = ({ counted, further, tls }: Programme): ReadonlyArray<Scenario> => {
  const plain = [...counted, ...further]
  const pairs = plain.flatMap((one) => [one, ...tls.filter((other) => isTwin(one, other))])
  return [...pairs, ...tls.filter((other) => !pairs.includes(other))]
}

const isTwin = (a: Scenario, b: Scenario): boolean =>
  a.requests === b.requests && a.gatewayMillis === b.gatewayMillis && isDeepStrictEqual(a.arrivals, b.arrivals)

/** The part of it that has this in its name. */
export const matching = (programme: Programme, text: string): Programme => {
  const isMeant = (name: string) => name.toLowerCase().includes(text.toLowerCase())
  const meant = (scenarios: ReadonlyArray<Scenario>) => scenarios.filter(({ name }) => isMeant(name))
  return {
    counted: meant(programme.counted),
    further: meant(programme.further),
    tls: meant(programme.tls),
    trials: programme.trials.filter(isMeant)
  }
}
