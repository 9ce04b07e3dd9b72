import { Histogram, type LatencySummary } from "./Histogram.ts"
import type { LoadJob } from "./Load.ts"
import type { Answer } from "./LoadRequests.ts"

export interface LoadResult {
  /** Good answers a second inside the measured time. */
  readonly rate: number
  /** Of good answers, from the time a request was due (open) or sent (closed) to the end of its answer. */
  readonly latency: LatencySummary
  /** How late requests were sent: when large, the generator and not the contender was the limit. */
  readonly lateness: LatencySummary
  /** All good answers, warm-up included, and the cents they say were captured. */
  readonly answers: { readonly count: number; readonly cents: number }
  /** What was not a good answer, by kind, warm-up included. */
  readonly errors: Readonly<Record<string, number>>
  /** The last payments of the run, at most a thousand. */
  readonly ids: ReadonlyArray<string>
}

const keptIds = 1_000

/** Counts one run while it goes on. Times are those of `performance.now()`. */
export class Tally {
  readonly start = performance.now()
  readonly end: number
  private readonly from: number
  private readonly isOpen: boolean
  private readonly latency = new Histogram()
  private readonly lateness = new Histogram()
  private readonly errors: Record<string, number> = {}
  private readonly ids: Array<string> = []
  private inside = 0
  private count = 0
  private cents = 0

  constructor({ warmup, measure, arrivals }: Pick<LoadJob, "warmup" | "measure" | "arrivals">) {
    this.from = this.start + warmup
    this.end = this.from + measure
    this.isOpen = arrivals.kind === "open"
  }

  sent(due: number): void {
    if (due >= this.from) this.lateness.record(performance.now() - due)
  }

  answered(due: number, { id, cents }: Answer): void {
    const now = performance.now()
    const isInside = now >= this.from && now < this.end
    if (isInside) this.inside++
    // The slow ones are answered after the measured time, and leaving them out would flatter.
    if (this.isOpen ? due >= this.from : isInside) this.latency.record(now - due)
    this.ids[this.count % keptIds] = id
    this.count++
    this.cents += cents
  }

  failed(kind: string): void {
    this.errors[kind] = (this.errors[kind] ?? 0) + 1
  }

  result(): LoadResult {
    return {
      rate: this.inside / ((this.end - this.from) / 1_000),
      latency: this.latency.summary(),
      lateness: this.lateness.summary(),
      answers: { count: this.count, cents: this.cents },
      errors: this.errors,
      ids: this.ids
    }
  }
}
