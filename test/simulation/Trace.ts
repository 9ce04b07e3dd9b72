import { createHash } from "node:crypto"

/** One thing that happened. `about` are the words by which its payment can be found. */
interface Line {
  readonly at: number
  readonly text: string
  readonly about: ReadonlyArray<unknown>
}

/** All that happened, as one hash; and in words, where somebody is going to read it. */
export class Trace {
  readonly #hash = createHash("sha256")
  readonly #lines: Array<Line> = []
  readonly #now: () => number
  readonly #keepsHistory: boolean
  #start: number | undefined

  constructor(now: () => number, keepsHistory: boolean) {
    this.#now = now
    this.#keepsHistory = keepsHistory
  }

  add(text: string, about: ReadonlyArray<unknown> = []): void {
    const at = this.#now()
    this.#start ??= at
    this.#hash.update(`${at} ${text}\n`)
    if (this.#keepsHistory) this.#lines.push({ at, text, about })
  }

  /** Ends the trace. */
  digest(): string {
    return this.#hash.digest("hex").slice(0, 32)
  }

  /** What happened about any of these, with the seconds since the start. */
  history(about: ReadonlySet<unknown>): ReadonlyArray<string> {
    const start = this.#start ?? 0
    const isAbout = (line: Line) => line.about.some((word) => about.has(word))
    return this.#lines
      .filter((line) => line.about.length === 0 || isAbout(line))
      .map(({ at, text }) => `${((at - start) / 1000).toFixed(3).padStart(12)} ${text}`)
  }
}
