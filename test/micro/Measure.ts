import { Bench } from "tinybench"
import { paymentExample } from "../../src/payments/PaymentExample.ts"
import { median } from "../bench/Summary.ts"
import { allocatedBy } from "./Allocation.ts"
import type { Subject } from "./Subject.ts"

const json = JSON.stringify(paymentExample)

/** What others are compared with: it does not change with our code, but slows down with the machine as they do. */
export const yardstick: Subject = {
  name: "JSON of a payment, parsed and written",
  run: () => JSON.stringify(JSON.parse(json))
}

/** Times are microseconds. */
export interface Measured {
  readonly name: string
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** How many yardsticks it takes, by the best rounds of both. */
  readonly ratio: number
  /** Bytes of JavaScript heap that one run leaves to the collector of garbage. */
  readonly bytes: number
}

const rounds = 10

/** The yardstick takes turns with the subject, so that what slows down one slows down the other. */
export const measure = async (subject: Subject, milliseconds: number): Promise<Measured> => {
  const timesOfYardstick: Array<Times> = []
  const times: Array<Times> = []
  for (let round = 0; round < rounds; round++) {
    // Code that has run seldom is not compiled yet.
    const warmupTime = round === 0 ? milliseconds / 2 : 0
    timesOfYardstick.push(await timesOf(yardstick, milliseconds / rounds / 4, warmupTime))
    times.push(await timesOf(subject, milliseconds / rounds, warmupTime))
  }
  return {
    name: subject.name,
    perSecond: 1_000_000 / median(times.map(({ mean }) => mean)),
    p50: median(times.map(({ p50 }) => p50)),
    p99: median(times.map(({ p99 }) => p99)),
    ratio: best(times) / best(timesOfYardstick),
    bytes: await allocatedBy(subject)
  }
}

/** The round in which others were in the way the least. */
const best = (times: ReadonlyArray<Times>): number => Math.min(...times.map(({ p50 }) => p50))

/** Microseconds. */
interface Times {
  readonly mean: number
  readonly p50: number
  readonly p99: number
}

const timesOf = async ({ name, run }: Subject, time: number, warmupTime: number): Promise<Times> => {
  const bench = new Bench({ time, warmupTime, throws: true, subtractTimerOverhead: true })
  const [task] = await bench.add(name, run).run()
  if (task?.result.state !== "completed") throw new Error(`${name} was not measured`)
  const { mean, p50, p99 } = task.result.latency
  return { mean: mean * 1_000, p50: p50 * 1_000, p99: p99 * 1_000 }
}
