/** How late the process may run, in milliseconds, and for how many looks in a row before anything is done about it. */
const target_ms = 25
const patience = 4

/** So many are always let in: they cannot be what makes it late. */
const least = 128

/**
 * How many requests that move money may be under way, which is any number as long as the process keeps up. Once it runs
 * late the number follows how late it is: less each time that it is, a little more each time that it is not.
 */
export class AdmissionLimit {
  #underWay = 0
  #lateInARow = 0
  #most = Number.POSITIVE_INFINITY

  /** Lets one in, unless there is no room for it; who was let in must `leave`. */
  enter(): boolean {
    if (this.#underWay >= this.#most) return false
    this.#underWay++
    return true
  }

  leave(): void {
    this.#underWay--
  }

  /** Told again and again how late the process runs. */
  look(late_ms: number): void {
    const isLate = late_ms > target_ms
    this.#lateInARow = isLate ? this.#lateInARow + 1 : 0
    if (this.#most === Number.POSITIVE_INFINITY) {
      if (this.#lateInARow >= patience) this.#restrict(this.#underWay)
    } else if (isLate) this.#restrict(this.#most * (late_ms > 2 * target_ms ? 0.8 : 0.95))
    else if (this.#underWay < this.#most / 2) this.#most = Number.POSITIVE_INFINITY
    else this.#most *= 1.05
  }

  #restrict(most: number): void {
    this.#most = Math.max(least, most)
  }
}
