import { Seed } from "./Seed.ts"
import { Trace } from "./Trace.ts"

/** Whose events these are: with it they all end. */
export interface Owner {
  readonly name: string
  readonly isAlive: boolean
}

/** Something that happens at a virtual time. */
export interface Happening {
  readonly at: number
  readonly owner: Owner
  /** It only looks whether there is something to do, so that time may leap over it. */
  readonly isIdle: boolean
  isCanceled: boolean
}

interface Entry extends Happening {
  readonly tie: number
  readonly run: () => Promise<void> | undefined
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at < other.at || (one.at === other.at && one.tie < other.tie)

/**
 * Time and chance of one simulation. Nothing happens by itself: what is to happen waits here for its time, and of what
 * waits for the same time the seed chooses. In between, every fiber runs until all of them wait.
 */
export class World {
  readonly seed: Seed
  readonly trace: Trace
  /** Epoch milliseconds. */
  now: number
  /** Intervals by which a sweep may come late, at most: machines are busy, and most sweeps find nothing to do. */
  laziness = 0
  readonly #ties: Seed
  #heap: Array<Entry> = []
  #tasks: Array<() => void> = []
  #promises = 0

  constructor(seed: string, start: number, keepsHistory: boolean) {
    this.seed = new Seed(seed)
    this.#ties = this.seed.fork("ties")
    this.now = start
    this.trace = new Trace(() => this.now, keepsHistory)
  }

  /** To be run at once, after all that is to be run already. */
  task(run: () => void): void {
    this.#tasks.push(run)
  }

  /** A promise that is kept at once. Whoever waits for it goes on before time passes. */
  promise(): Promise<void> {
    this.#promises++
    // After all that follows from the promise itself.
    setImmediate(() => {
      this.#promises--
    })
    return Promise.resolve()
  }

  after(delay_ms: number, owner: Owner, run: () => Promise<void> | undefined | void, isIdle = false): Happening {
    const entry: Entry = {
      at: this.now + Math.max(0, delay_ms),
      tie: this.#ties.next32(),
      owner,
      isIdle,
      isCanceled: false,
      run: () => run() ?? undefined
    }
    this.#push(entry)
    return entry
  }

  /** Lets happen what is next, until `isOver` says so between two happenings. */
  async run(isOver: () => boolean): Promise<void> {
    for (;;) {
      this.#drain()
      if (this.#promises > 0) await this.#settle()
      if (isOver()) return
      const next = this.#pop()
      if (next === undefined) throw new Error("Nothing is left that could happen")
      if (next.isCanceled || !next.owner.isAlive) continue
      this.now = Math.max(this.now, next.at)
      const under = next.run()
      if (under !== undefined) await under
    }
  }

  /** Whether something happens within that time that is more than a look for something to do. */
  isBusyWithin(time_ms: number): boolean {
    const [first] = this.#heap
    const end = this.now + time_ms
    // Mostly it is the first, and there are many.
    if (first !== undefined && !first.isIdle && !first.isCanceled && first.owner.isAlive) return first.at <= end
    return this.nextBusy() <= end
  }

  /** When something happens next that is more than a look for something to do; infinite when nothing does. */
  nextBusy(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { at, isCanceled, isIdle, owner } of this.#heap) {
      if (!isIdle && !isCanceled && owner.isAlive && at < next) next = at
    }
    return next
  }

  /** As if the machine had been asleep until then: what is due by now comes late. */
  leap(to: number): void {
    this.now = Math.max(this.now, to)
  }

  async #settle(): Promise<void> {
    while (this.#promises > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      this.#drain()
    }
  }

  #drain(): void {
    while (this.#tasks.length > 0) {
      const tasks = this.#tasks
      this.#tasks = []
      for (const run of tasks) run()
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const [left, right] = [heap[child], heap[child + 1]]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) child++
      const lower = heap[child]
      if (lower === undefined || !isBefore(lower, last)) break
      heap[index] = lower
      index = child
    }
    heap[index] = last
    return first
  }
}
