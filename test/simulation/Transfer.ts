import type { Dispatcher } from "@effect/platform-node/Undici"

/** One request and its answer, in the order in which undici tells of them. */
export class Transfer {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #controller: Dispatcher.DispatchController
  #isOver = false

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
    const state: { reason: Error | null } = { reason: null }
    this.#controller = {
      get aborted() {
        return state.reason !== null
      },
      get reason() {
        return state.reason
      },
      paused: false,
      abort: (reason) => {
        state.reason ??= reason
        this.#fail(reason)
      },
      pause: () => {},
      resume: () => {}
    }
  }

  /** The connection is there. Whether the request leaves. */
  start(): boolean {
    if (!this.#isOver) this.#handler.onRequestStart?.(this.#controller, {})
    return !this.#isOver
  }

  begin(status: number, headers: Record<string, string>): void {
    if (!this.#isOver) this.#handler.onResponseStart?.(this.#controller, status, headers)
  }

  data(bytes: Uint8Array): void {
    if (!this.#isOver) this.#handler.onResponseData?.(this.#controller, Buffer.from(bytes))
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#handler.onResponseEnd?.(this.#controller, {})
  }

  fail(code: string): void {
    this.#fail(Object.assign(new Error(code), { code }))
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#handler.onResponseError?.(this.#controller, error)
  }
}
