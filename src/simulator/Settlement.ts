import { cutOffAfter } from "./CutOff.ts"
import type { Terminal } from "./Terminals.ts"
import { isOpen, type Transaction } from "./Transaction.ts"

interface Waiting {
  readonly open: Set<Transaction>
  /** Epoch milliseconds. */
  nextCutOff: number
}

const dayMs = 86_400_000

/** What a batch holds: sales, captures and refunds. An authorization waits for its capture. */
const isBatched = ({ type, amount }: Transaction): boolean =>
  amount > 0 && (type === "CCE1" || type === "CCE4" || type === "CCE9")

/** Closes batches, at the cut-off of their profile or when they are told to: from then on nothing can be voided. */
export class Settlement {
  readonly #waiting = new Map<Terminal, Waiting>()
  #next = Number.POSITIVE_INFINITY

  add(transaction: Transaction): void {
    if (!isBatched(transaction)) return
    const { terminal, bookedAt } = transaction
    const waiting = this.#waiting.get(terminal) ?? { open: new Set(), nextCutOff: Number.NaN }
    this.#waiting.set(terminal, waiting)
    waiting.open.add(transaction)
    // A cut-off is computed once a day, not once a sale: time zones are slow.
    const isKnown = bookedAt < waiting.nextCutOff && bookedAt >= waiting.nextCutOff - dayMs
    if (!isKnown) waiting.nextCutOff = cutOffAfter(bookedAt, terminal.profile)
    this.#next = Math.min(this.#next, waiting.nextCutOff)
  }

  /** Closes what was booked before a cut-off that is past. */
  settle(now: number): void {
    if (now < this.#next) return
    for (const [terminal, { open, nextCutOff }] of this.#waiting) {
      if (!terminal.profile.auto_close || now < nextCutOff) continue
      for (const transaction of open) if (transaction.bookedAt < nextCutOff) this.#close(transaction, nextCutOff)
    }
    this.reschedule(now)
  }

  /** Call when a profile has changed. */
  reschedule(now: number): void {
    this.#next = Number.POSITIVE_INFINITY
    for (const [terminal, waiting] of this.#waiting) {
      waiting.nextCutOff = cutOffAfter(now, terminal.profile)
      this.#next = Math.min(this.#next, waiting.nextCutOff)
    }
  }

  /** What waits in one batch of the terminal, or in all of them. */
  open(terminal: Terminal, batchId: string | undefined): ReadonlyArray<Transaction> {
    return [...(this.#waiting.get(terminal)?.open ?? [])].filter(
      (transaction) => isOpen(transaction) && (batchId === undefined || transaction.batchId === batchId)
    )
  }

  /** Closes one batch of the terminal, or all of them. */
  close(terminal: Terminal, batchId: string | undefined, now: number): void {
    for (const transaction of this.open(terminal, batchId)) this.#close(transaction, now)
  }

  reset(key?: string): void {
    for (const terminal of this.#waiting.keys()) {
      if (key === undefined || terminal.key === key) this.#waiting.delete(terminal)
    }
  }

  #close(transaction: Transaction, at: number): void {
    this.#waiting.get(transaction.terminal)?.open.delete(transaction)
    if (isOpen(transaction)) transaction.settledAt = at
  }
}
