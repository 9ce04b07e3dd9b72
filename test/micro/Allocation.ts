import { GCProfiler, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { median } from "../bench/Summary.ts"
import type { Subject } from "./Subject.ts"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** Less than the young generation holds at its smallest, so that it is seldom collected meanwhile. */
const budget = 256 * 1024

const tries = 20

/** Bytes of JavaScript heap for each run; NaN where garbage was collected in the middle each time. */
export const allocatedBy = async (subject: Subject): Promise<number> => {
  const rough = (await allocatedIn(subject, 20)) / 20
  const runs = Math.max(5, Math.min(10_000, Math.round(budget / (rough > 0 ? rough : budget))))
  const each: Array<number> = []
  for (let n = 0; n < tries; n++) {
    // What is allocated once after a collection, such as caches that it has emptied, is the same in both.
    const [once, twice] = [await allocatedIn(subject, runs), await allocatedIn(subject, 2 * runs)]
    each.push((twice - once) / runs)
  }
  return median(each.filter((bytes) => !Number.isNaN(bytes)))
}

const allocatedIn = async ({ run }: Subject, runs: number): Promise<number> => {
  collect()
  const collections = new GCProfiler()
  collections.start()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < runs; n++) await run()
  const allocated = process.memoryUsage().heapUsed - before
  return collections.stop().statistics.length === 0 ? allocated : Number.NaN
}
