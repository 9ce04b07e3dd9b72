import { Clock, Duration, Effect } from "effect"

interface Sleeper {
  /** Milliseconds of this clock that only runs forward. */
  readonly at: number
  readonly wake: () => void
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * The clock of this machine, which can be put forward while nobody watches: between `freeze` and `shift` nobody wakes,
 * so that time can pass in the database and at the gateway as well.
 */
export class ShiftedClock implements Clock.Clock {
  readonly #real = Clock.Clock.defaultValue()
  readonly #sleepers = new Set<Sleeper>()
  #offset = 0
  #isFrozen = false

  currentTimeMillisUnsafe(): number {
    return this.#real.currentTimeMillisUnsafe() + this.#offset
  }
  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  currentTimeNanosUnsafe(): bigint {
    return this.#real.currentTimeNanosUnsafe() + this.#nanos
  }
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  monotonicTimeNanosUnsafe(): bigint {
    return this.#real.monotonicTimeNanosUnsafe() + this.#nanos
  }
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const length = Duration.toMillis(duration)
    if (length <= 0) return Effect.yieldNow
    if (!Number.isFinite(length)) return Effect.never
    return Effect.callback((resume) => {
      const sleeper: Sleeper = { at: this.#now() + length, wake: () => resume(Effect.void), timer: undefined }
      this.#sleepers.add(sleeper)
      this.#schedule(sleeper)
      return Effect.sync(() => this.#forget(sleeper))
    })
  }

  freeze(): void {
    this.#isFrozen = true
  }

  /** Puts the clock forward and lets it run again. Whoever is due wakes, the first first. */
  shift(by_ms: number): void {
    this.#offset += by_ms
    this.#isFrozen = false
    for (const sleeper of [...this.#sleepers].toSorted((a, b) => a.at - b.at)) this.#schedule(sleeper)
  }

  get #nanos(): bigint {
    return BigInt(this.#offset) * 1_000_000n
  }

  #now(): number {
    return Number(this.monotonicTimeNanosUnsafe()) / 1e6
  }

  #schedule(sleeper: Sleeper): void {
    clearTimeout(sleeper.timer)
    const left = Math.max(0, sleeper.at - this.#now())
    sleeper.timer = setTimeout(() => this.#ring(sleeper), Math.min(left, 2 ** 31 - 1))
  }

  #ring(sleeper: Sleeper): void {
    if (this.#isFrozen) return
    // Timers may be a little early.
    if (sleeper.at - this.#now() > 1) return this.#schedule(sleeper)
    this.#forget(sleeper)
    sleeper.wake()
  }

  #forget(sleeper: Sleeper): void {
    clearTimeout(sleeper.timer)
    this.#sleepers.delete(sleeper)
  }
}
