import type { KnownRequest } from "./Request.ts"
import type { Settlement } from "./Settlement.ts"

interface LateCommit {
  readonly request: KnownRequest
  readonly commit: () => void
}

/** Transactions still in flight inside EPX: they reach the books at a later simulated time. */
export class LateCommits {
  readonly #settlement: Settlement
  #waiting: Array<LateCommit> = []

  constructor(settlement: Settlement) {
    this.#settlement = settlement
  }

  /** `commit` decides only then: what was possible when the request came may not be any more. */
  add(request: KnownRequest, commit: () => void): void {
    this.#waiting.push({ request, commit })
  }

  /**
   * Commits what is due by now and closes the batches of that time, in the order of both. Nobody can see the books in
   * between, so no timer is needed.
   */
  settle(now: number): void {
    if (this.#waiting.length > 0) this.#commit(now)
    this.#settlement.settle(now)
  }

  #commit(now: number): void {
    const due = this.#waiting.filter(({ request }) => request.dueAt <= now)
    this.#waiting = this.#waiting.filter(({ request }) => request.dueAt > now)
    for (const { request, commit } of due.toSorted((a, b) => a.request.dueAt - b.request.dueAt)) {
      this.#settlement.settle(request.dueAt)
      commit()
    }
  }

  /** Requests that are still in flight. */
  pending(): ReadonlyArray<KnownRequest> {
    return this.#waiting.map(({ request }) => request)
  }

  reset(key?: string): void {
    this.#waiting = key === undefined ? [] : this.#waiting.filter(({ request }) => request.terminal.key !== key)
  }
}
