import { median } from "../../Summary.ts"
import { goodput } from "../../trials/Overload.ts"
import { busyAbove, type Figure } from "./Figure.ts"

export const hardship: ReadonlyArray<Figure> = [
  {
    name: "breaker rejection, p99 ms",
    digits: 2,
    better: "lower",
    must: 2,
    goal: 1,
    measure: ({ trials: { breakerRejection } }) => {
      if (breakerRejection === undefined) return undefined
      const p99 = (name: string) =>
        median(
          breakerRejection
            .filter(({ contender, objections }) => contender === name && objections.length === 0)
            .map(({ load }) => load.refusals.latency.p99)
        )
      return { value: p99("service"), because: busyAbove(p99("baseline"), 1) }
    }
  },
  {
    name: "start to ready, warm data directory, s",
    digits: 2,
    better: "lower",
    must: 3,
    goal: 1,
    measure: ({ trials: { start } }) =>
      start && { value: median(start.warm) / 1_000, because: busyAbove(median(start.baseline) / 1_000, 1.5, "s") }
  },
  {
    name: "start to ready, service alone, s",
    digits: 2,
    better: "lower",
    measure: ({ trials: { start } }) => start && { value: median(start.alone) / 1_000 }
  },
  {
    name: "overload at three times the knee, goodput",
    digits: 2,
    better: "higher",
    must: 0.8,
    goal: 0.9,
    measure: ({ trials: { overload } }) => overload && { value: median(overload.map(goodput)) }
  },
  {
    name: "overload at three times the knee, refusal p99 ms",
    digits: 1,
    better: "lower",
    goal: 10,
    measure: ({ trials: { overload } }) => {
      if (overload === undefined) return undefined
      const p99 = (of: "refusals" | "lateness") =>
        median(
          overload.map(({ overload: { load } }) => (of === "refusals" ? load.refusals.latency.p99 : load.lateness.p99))
        )
      if (overload.every(({ overload: { load } }) => load.refusals.count === 0)) {
        return { value: Number.NaN, because: "nothing was refused" }
      }
      const late = p99("lateness")
      const because = late <= 5 ? undefined : `the generator itself was late by ${late.toFixed(0)} ms`
      return { value: p99("refusals"), because }
    }
  }
]
