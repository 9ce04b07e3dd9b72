import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { median } from "../bench/Summary.ts"
import type { Subject } from "./Subject.ts"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** Less than the young generation holds at its smallest, so that it is seldom collected meanwhile. */
const budget = 256 * 1024

/** Bytes of JavaScript heap for each run. */
export const allocatedBy = async ({ run }: Subject): Promise<number> => {
  const perRun = async (runs: number) => {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < runs; n++) await run()
    return (process.memoryUsage().heapUsed - before) / runs
  }
  const runs = Math.max(10, Math.min(10_000, Math.round(budget / Math.max(1, await perRun(50)))))
  const tries = []
  for (let n = 0; n < 9; n++) tries.push(await perRun(runs))
  return median(tries)
}
