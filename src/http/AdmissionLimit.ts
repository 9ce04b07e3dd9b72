/** How late the process may run, in milliseconds. */
const target_ms = 25

/** Of so many looks the least late one counts: a pause is over by itself, and only what stays is too much. */
const patience = 4

/**
 * So many are always let in. Each waits for its gateway most of the time, so that with fewer of them the process would
 * have nothing to do in between, however late it is by what it refuses.
 */
const least = 256

/**
 * How many requests that move money may be under way, which is any number as long as the process keeps up. Once it
 * stays late the number follows how late it is: less while it stays so, a little more each time that it is not late.
 */
export class AdmissionLimit {
  #underWay = 0
  #looks: Array<number> = []
  #most = Number.POSITIVE_INFINITY

  /** Whether there is no room for one more. */
  get isFull(): boolean {
    return this.#underWay >= this.#most
  }

  /** Lets one in, unless there is no room for it; who was let in must `leave`. */
  enter(): boolean {
    if (this.isFull) return false
    this.#underWay++
    return true
  }

  leave(): void {
    this.#underWay--
  }

  /** Told again and again how late the process runs. */
  look(late_ms: number): void {
    this.#looks.push(late_ms)
    if (this.#looks.length > patience) this.#looks.shift()
    const isFree = this.#most === Number.POSITIVE_INFINITY
    const stays_ms = this.#looks.length === patience ? Math.min(...this.#looks) : 0
    if (stays_ms > target_ms) this.#restrict(isFree ? this.#underWay : this.#most * shareKept(stays_ms))
    else if (isFree || late_ms > target_ms) return
    else if (this.#underWay < this.#most / 2) this.#most = Number.POSITIVE_INFINITY
    else this.#most *= 1.05
  }

  #restrict(most: number): void {
    this.#most = Math.max(least, most)
    // What is done about it must have shown before more is done.
    this.#looks = []
  }
}

const shareKept = (late_ms: number): number => (late_ms > 4 * target_ms ? 0.5 : late_ms > 2 * target_ms ? 0.8 : 0.95)
