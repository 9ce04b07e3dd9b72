/** Sixty-four steps to each doubling: a reading is never more than 1.6 % above the truth. */
const stepsPerDoubling = 64
const doublings = 40
const least = 0.001

/** Counts of durations in milliseconds, in fixed memory. */
export class Histogram {
  readonly counts = new Uint32Array(stepsPerDoubling * doublings)
  total = 0
  max = 0

  record(milliseconds: number): void {
    const step = Math.ceil(Math.log2(Math.max(milliseconds, least) / least) * stepsPerDoubling)
    const index = Math.min(step, this.counts.length - 1)
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.total++
    this.max = Math.max(this.max, milliseconds)
  }

  /** The duration, in milliseconds, within which this share of the recorded ones lies; NaN when there is none. */
  quantile(share: number): number {
    if (this.total === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(share * this.total))
    let seen = 0
    for (const [step, count] of this.counts.entries()) {
      seen += count
      if (seen >= rank) return Math.min(least * 2 ** (step / stepsPerDoubling), this.max)
    }
    return this.max
  }

  summary(): LatencySummary {
    return { p50: this.quantile(0.5), p90: this.quantile(0.9), p99: this.quantile(0.99), max: this.max }
  }
}

/** Milliseconds. */
export interface LatencySummary {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}
