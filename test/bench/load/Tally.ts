import { Histogram, type LatencySummary } from "./Histogram.ts"
import type { LoadJob } from "./Load.ts"
import type { Answer } from "./LoadRequests.ts"

export interface LoadResult {
  /**
   * Good answers a second. Open: between the first and the last answer to what was due in the measured time, so that
   * falling behind shows and the gateway's time does not. Closed: inside the measured time.
   */
  readonly rate: number
  /** Of good answers, from the time a request was due (open) or sent (closed) to the end of its answer. */
  readonly latency: LatencySummary
  /** How late requests were sent: when large, the generator and not the contender was the limit. */
  readonly lateness: LatencySummary
  /** All good answers, warm-up included, and the cents they say were captured. */
  readonly answers: { readonly count: number; readonly cents: number }
  /** What was turned away, warm-up included, and how long it waited to hear that in the measured time. */
  readonly refusals: { readonly count: number; readonly latency: LatencySummary }
  /** What was not a good answer, by kind, refusals and the warm-up included. */
  readonly errors: Readonly<Record<string, number>>
  /** The last payments of the run, at most a thousand. */
  readonly ids: ReadonlyArray<string>
}

const keptIds = 1_000

/** Counts one run while it goes on. Times are those of `now`, in milliseconds. */
export class Tally {
  readonly start: number
  readonly end: number
  private readonly now: () => number
  private readonly from: number
  private readonly isOpen: boolean
  /** Ends when the last of so many is answered, and not with the measured time. */
  private readonly hasTotal: boolean
  /** No more than arrives can be served for long, even if a backlog of the warm-up is worked off meanwhile. */
  private readonly mostPerSecond: number
  private readonly latency = new Histogram()
  private readonly lateness = new Histogram()
  private readonly refusals = new Histogram()
  private readonly errors: Record<string, number> = {}
  private readonly ids: Array<string> = []
  private firstAnswer = Number.NaN
  private lastAnswer = Number.NaN
  private count = 0
  private refusalCount = 0
  private cents = 0

  constructor(
    { warmup, measure, arrivals }: Pick<LoadJob, "warmup" | "measure" | "arrivals">,
    now: () => number = () => performance.now()
  ) {
    this.now = now
    this.start = now()
    this.from = this.start + warmup
    this.end = this.from + measure
    this.isOpen = arrivals.kind === "open"
    this.hasTotal = arrivals.kind === "closed" && arrivals.total !== undefined
    this.mostPerSecond = arrivals.kind === "open" ? arrivals.perSecond : Number.POSITIVE_INFINITY
  }

  sent(due: number): void {
    if (due >= this.from) this.lateness.record(this.now() - due)
  }

  answered(due: number, { id, cents }: Answer): void {
    const now = this.now()
    if (this.isMeasured(due, now)) {
      if (this.latency.total === 0) this.firstAnswer = now
      this.lastAnswer = now
      this.latency.record(now - due)
    }
    this.ids[this.count % keptIds] = id
    this.count++
    this.cents += cents
  }

  refused(due: number): void {
    const now = this.now()
    this.refusalCount++
    if (this.isMeasured(due, now)) this.refusals.record(now - due)
  }

  failed(kind: string): void {
    this.errors[kind] = (this.errors[kind] ?? 0) + 1
  }

  result(): LoadResult {
    return {
      rate: this.rate(),
      latency: this.latency.summary(),
      lateness: this.lateness.summary(),
      answers: { count: this.count, cents: this.cents },
      refusals: { count: this.refusalCount, latency: this.refusals.summary() },
      errors: this.errors,
      ids: this.ids
    }
  }

  // What was due in the measured time may be answered after it, and leaving that out would flatter.
  private isMeasured(due: number, now: number): boolean {
    return this.isOpen ? due >= this.from : now >= this.from && now < this.end
  }

  private rate(): number {
    const { total } = this.latency
    if (!this.isOpen) return (total * 1_000) / ((this.hasTotal ? this.lastAnswer : this.end) - this.from)
    if (total < 2) return 0
    return Math.min(((total - 1) * 1_000) / (this.lastAnswer - this.firstAnswer), this.mostPerSecond)
  }
}
