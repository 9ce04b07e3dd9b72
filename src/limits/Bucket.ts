import type { Taken } from "../http/Limits.ts"
import type { Lease } from "./LeasesRepo.ts"

/** How long what was leased may be used, in milliseconds: what an idle process holds is lost to all. */
const keptFor_ms = 2_000

/** After all is spent nobody is asked for so long, in milliseconds. */
const pause_ms = 10

/** What this process has leased of one limit. Times are milliseconds of a clock that nobody sets. */
export class Bucket {
  #tokens = 0
  #left = 0
  #rate: number
  #until = 0
  #opensAt = 0

  constructor(rate: number) {
    this.#rate = rate
  }

  /** Whether it is known that nothing can be leased now. */
  isClosed(now_ms: number): boolean {
    return now_ms < this.#opensAt
  }

  /** Takes one, if it has one. */
  spend(now_ms: number): boolean {
    if (this.#tokens < 1 || now_ms >= this.#until) return false
    this.#tokens--
    return true
  }

  fill({ granted, left, rate }: Lease, now_ms: number): void {
    this.#tokens = granted
    this.#left = Math.max(0, left)
    this.#rate = rate
    this.#until = now_ms + keptFor_ms
    // Who waits when all is spent is refused, and does not wait for one crumb after the other.
    if (left < 1) this.#opensAt = now_ms + Math.max(pause_ms, (1_000 * (1 - left)) / rate)
  }

  /** The database cannot say: it will not serve more than it can, so this asks again in a moment. */
  open(now_ms: number): void {
    this.#tokens = Number.POSITIVE_INFINITY
    this.#left = this.#rate
    this.#until = now_ms + 1_000
  }

  told(isAllowed: boolean, now_ms: number): Taken {
    const own = Number.isFinite(this.#tokens) ? this.#tokens : 0
    return {
      isAllowed,
      rate: this.#rate,
      remaining: isAllowed ? Math.min(this.#rate, Math.floor(own + this.#left)) : 0,
      retryAfter_s: Math.max(1, Math.ceil((this.#opensAt - now_ms) / 1_000))
    }
  }
}
