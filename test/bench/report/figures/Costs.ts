import { busyAbove, busyBelow, type Figure, paired } from "./Figure.ts"
import { capacity, isAt, isClosedAt, sustained } from "./Scenarios.ts"

export const costs: ReadonlyArray<Figure> = [
  {
    name: "statements for each sale, at most in any scenario",
    digits: 2,
    better: "lower",
    must: 4,
    goal: 2,
    slack: 0.05,
    isCount: true,
    measure: ({ scenarios }) => {
      const ours = scenarios
        .filter(({ scenario }) => scenario.requests === "sale")
        .flatMap(({ summaries }) => summaries.filter(({ contender }) => contender !== "baseline"))
      // What is not answered well needs statements too, and would count for those that are.
      const clean = ours.filter(({ errors, statements }) => errors === 0 && Number.isFinite(statements))
      if (ours.length === 0) return undefined
      return { value: clean.length === 0 ? Number.NaN : Math.max(...clean.map(({ statements }) => statements)) }
    }
  },
  {
    name: "commits for each sale",
    digits: 2,
    better: "lower",
    must: 2,
    goal: 2,
    slack: 0.05,
    isCount: true,
    measure: ({ commits }) => {
      const { service, services } = commits?.forEachSale ?? {}
      const ours = [service, services].filter((count) => count !== undefined)
      return ours.length === 0 ? undefined : { value: Math.max(...ours) }
    }
  },
  {
    name: "CPU of the service for each sale, ms",
    digits: 2,
    better: "lower",
    must: 1.2,
    goal: 0.7,
    measure: paired(isClosedAt(0), (service, baseline) => ({
      value: service.cpu.contender ?? Number.NaN,
      because: busyAbove(baseline.cpu.contender ?? Number.NaN, 0.6)
    }))
  },
  {
    name: "CPU of the service for each sale, of the baseline's",
    digits: 2,
    better: "lower",
    measure: paired(isClosedAt(0), (service, baseline) => ({
      value: (service.cpu.contender ?? Number.NaN) / (baseline.cpu.contender ?? Number.NaN)
    }))
  },
  {
    name: `RSS at ${sustained}/s, MB`,
    digits: 0,
    better: "lower",
    must: 400,
    goal: 300,
    measure: paired(isAt(sustained), (service, _, report) => ({
      value: service.resident,
      because: busyBelow(capacity(report), sustained)
    }))
  },
  {
    name: "heap growth over 10,000 sales, MB",
    digits: 1,
    better: "lower",
    must: 10,
    goal: 1,
    measure: ({ trials }) => {
      const found = trials.heapGrowth?.find(({ contender }) => contender === "service")
      return found && { value: found.after - found.before }
    }
  }
]
