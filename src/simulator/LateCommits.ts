import type { KnownRequest } from "./Request.ts"

interface LateCommit {
  readonly request: KnownRequest
  readonly due: number
  readonly commit: () => void
}

/** Transactions still in flight inside EPX: they reach the books at a later simulated time. */
export class LateCommits {
  #waiting: Array<LateCommit> = []

  add(request: KnownRequest, due: number, commit: () => void): void {
    this.#waiting.push({ request, due, commit })
  }

  /** Commits what is due by now. Nobody can see the books in between, so no timer is needed. */
  settle(now: number): void {
    if (this.#waiting.length === 0) return
    const due = this.#waiting.filter((late) => late.due <= now).toSorted((a, b) => a.due - b.due)
    this.#waiting = this.#waiting.filter((late) => late.due > now)
    for (const late of due) late.commit()
  }

  /** Requests that are still in flight. */
  pending(): ReadonlyArray<KnownRequest> {
    return this.#waiting.map(({ request }) => request)
  }

  reset(key?: string): void {
    this.#waiting = key === undefined ? [] : this.#waiting.filter(({ request }) => request.terminal.key !== key)
  }
}
