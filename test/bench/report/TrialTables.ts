import type { RunResult } from "../Run.ts"
import { median } from "../Summary.ts"
import type { HeapGrowth } from "../trials/HeapGrowth.ts"
import { failures, goodput, type OverloadRound } from "../trials/Overload.ts"
import type { StartTimes } from "../trials/StartTimes.ts"
import type { Report } from "./Report.ts"
import { round, table } from "./Table.ts"

export const trialTables = ({ trials }: Report): ReadonlyArray<string> => [
  ...(trials.overload ? overload(trials.overload) : []),
  ...(trials.breakerRejection ? breakerRejection(trials.breakerRejection) : []),
  ...(trials.heapGrowth ? heapGrowth(trials.heapGrowth) : []),
  ...(trials.start ? start(trials.start) : [])
]

const overload = (rounds: ReadonlyArray<OverloadRound>): ReadonlyArray<string> => [
  "",
  "## Overload: three times what the service can do, 40 ms gateway",
  "",
  ...table(
    ["knee/s", "asked/s", "good/s", "goodput", "p99 ms", "refused", "refused p99 ms", "neither", "late p99 ms"],
    rounds.map((one) => {
      const { latency, lateness, rate, refusals } = one.overload.load
      return [
        round(one.knee.load.rate),
        round(one.asked),
        round(rate),
        round(goodput(one), 2),
        round(latency.p99, 1),
        String(refusals.count),
        round(refusals.latency.p99, 1),
        String(failures(one)),
        round(lateness.p99, 1)
      ]
    }),
    0
  ),
  "",
  "One line a round. Neither: what was not sent, because so many were under way already, and answers that left it open.",
  "Late: how long after its time the generator, which shares the machine, sent a request."
]

const breakerRejection = (runs: ReadonlyArray<RunResult>): ReadonlyArray<string> => [
  "",
  "## Breaker rejection: 100 sales a second that are turned away",
  "",
  ...table(
    ["", "reason", "p50 ms", "p99 ms", "max ms", "refused"],
    runs.map(({ contender, load: { errors, refusals } }) => [
      contender,
      Object.keys(errors).join(", "),
      round(refusals.latency.p50, 2),
      round(refusals.latency.p99, 2),
      round(refusals.latency.max, 2),
      String(refusals.count)
    ]),
    2
  ),
  "",
  "The baseline has no breaker: it shows how soon it turns away a caller whom it does not know."
]

const heapGrowth = (growths: ReadonlyArray<HeapGrowth>): ReadonlyArray<string> => [
  "",
  "## Heap after garbage collection",
  "",
  ...table(
    ["", "sales", "before MB", "after MB", "growth MB"],
    growths.map(({ contender, sales, before, after }) => [
      contender,
      String(sales),
      round(before, 1),
      round(after, 1),
      round(after - before, 1)
    ]),
    1
  )
]

const start = ({ alone, warm, baseline }: StartTimes): ReadonlyArray<string> => {
  const row = (name: string, times: ReadonlyArray<number>) => [
    name,
    round(median(times)),
    round(Math.min(...times)),
    round(Math.max(...times)),
    String(times.length)
  ]
  return [
    "",
    "## Start to ready",
    "",
    ...table(
      ["", "median ms", "least", "most", "rounds"],
      [
        row("service, with its Postgres on a warm data directory and the simulator", warm),
        row("service alone, on a migrated database", alone),
        row("baseline alone", baseline)
      ],
      1
    )
  ]
}
