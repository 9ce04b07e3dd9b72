/** All of a limit leaks away in so many milliseconds. */
const window_ms = 600_000

/** How many charges of one subject were declined lately. Times are milliseconds of a clock that nobody sets. */
export class DeclineLevel {
  #level = 0
  #limit: number
  #asOf: number
  #untold = 0
  #isStored = true

  constructor(limit: number, now_ms: number) {
    this.#limit = limit
    this.#asOf = now_ms
  }

  count(now_ms: number): void {
    this.#set(this.#at(now_ms) + 1, now_ms)
    this.#untold++
  }

  /** Milliseconds until one more may be declined, and so until one more may be charged. */
  wait_ms(now_ms: number): number {
    const surplus = this.#at(now_ms) - (this.#limit - 1)
    return Math.max(0, (surplus * window_ms) / this.#limit)
  }

  isEmpty(now_ms: number): boolean {
    return this.#at(now_ms) === 0
  }

  /** Whether all that it knows has been told. */
  get isTold(): boolean {
    return this.#untold === 0
  }

  /** Whether all that it knows is certainly stored. */
  get isStored(): boolean {
    return this.isTold && this.#isStored
  }

  /** What is to be stored. Where that may have happened it is not told again, and so never counted twice. */
  tell(): number {
    const untold = this.#untold
    this.#untold = 0
    this.#isStored = false
    return untold
  }

  /** What was told has certainly not been stored, and is to be told again. */
  takeBack(told: number): void {
    this.#untold += told
  }

  /** All processes together have counted so many; those that came here meanwhile are not among them. */
  learn(level: number, limit: number, now_ms: number): void {
    this.#limit = limit
    this.#isStored = true
    this.#set(level + this.#untold, now_ms)
  }

  #at(now_ms: number): number {
    return Math.max(0, this.#level - ((now_ms - this.#asOf) * this.#limit) / window_ms)
  }

  /** However many were on their way together, nobody is refused for longer than the window. */
  #set(level: number, now_ms: number): void {
    this.#level = Math.min(level, 2 * this.#limit - 1)
    this.#asOf = now_ms
  }
}
