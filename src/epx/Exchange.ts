import type { Dispatcher } from "@effect/platform-node/Undici"
import { Deferred, Effect } from "effect"
import type { Fence } from "./Fence.ts"
import type { InDoubt, NotSent } from "./Result.ts"
import { stackless } from "./Stackless.ts"

/** A whole answer with status 200, not yet read. */
interface Answered {
  readonly _tag: "Answered"
  readonly body: Uint8Array
}

/** An answer with another status, whose body is not read. */
interface Failed extends InDoubt {
  readonly status?: number
}

export type Ending = Answered | NotSent | Failed

/** EPX's answers have some 2 KiB. */
const usualBodyLimit = 256 * 1024

export const notSent = (reason: NotSent["reason"], detail: string): NotSent => ({ _tag: "NotSent", reason, detail })

const inDoubt = (reason: "no_answer" | "unreadable", detail: string): InDoubt => ({
  _tag: "InDoubt",
  reason,
  detail,
  answer: null
})

const describe = (error: Error): string => ("code" in error ? `${error.code}: ${error.message}` : error.message)

const isShutDown = (error: Error): boolean =>
  "code" in error && (error.code === "UND_ERR_DESTROYED" || error.code === "UND_ERR_CLOSED")

/**
 * One request on its way through undici. `onRequestStart` is called right before the first byte is written, in the same
 * turn of the event loop, and nowhere else can a byte leave: what it never let through is `NotSent`, all else in doubt.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Done when the first byte leaves, or when it is certain that none will. */
  readonly begun = Deferred.makeUnsafe<void>()
  readonly ended = Deferred.makeUnsafe<Ending>()

  readonly #fence: Fence
  readonly #bodyLimit: number
  #onReleased: () => void
  #phase: "waiting" | "sent" | "stopped" = "waiting"
  #controller: Dispatcher.DispatchController | undefined
  #problem: Failed | undefined
  #chunks: Array<Uint8Array> = []
  #size = 0

  /** `onReleased` is called once, when undici has let go of the request. */
  constructor(fence: Fence, onReleased: () => void, bodyLimit = usualBodyLimit) {
    this.#fence = fence
    this.#bodyLimit = bodyLimit
    this.#onReleased = onReleased
  }

  get isSent(): boolean {
    return this.#phase === "sent"
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici may put a request back into its queue when a socket dies: a second start would be a second sending.
    if (this.#phase === "waiting" && this.#fence.left() < 0)
      this.#stop(notSent("fence", "the connection came too late"))
    if (this.#phase !== "waiting") {
      controller.abort(new Error("not to be sent"))
      return
    }
    this.#phase = "sent"
    this.#controller = controller
    Deferred.doneUnsafe(this.begun, Effect.void)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  ): void {
    if (status < 200) return
    const encoding = headers["content-encoding"]
    if (status !== 200) this.#abandon({ ...inDoubt("unreadable", `status ${status}`), status })
    // We ask for no encoding, so an encoded answer is not EPX's own.
    else if (encoding !== undefined && encoding !== "identity") {
      this.#abandon(inDoubt("unreadable", "an encoded body"))
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#size += chunk.byteLength
    if (this.#size <= this.#bodyLimit) this.#chunks.push(chunk)
    else this.#abandon(inDoubt("unreadable", `a body of more than ${this.#bodyLimit} bytes`))
  }

  onResponseEnd(): void {
    this.#end({ _tag: "Answered", body: Buffer.concat(this.#chunks) })
    this.#release()
    stackless()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#phase === "waiting") {
      this.#stop(notSent(isShutDown(error) ? "interrupted" : "connect", describe(error)))
    } else this.#end(this.#problem ?? inDoubt("no_answer", describe(error)))
    this.#release()
  }

  /** Gives up waiting to send; from then on no byte can leave. A request on its way stays so. */
  withdraw(reason: NotSent): void {
    if (this.#phase === "waiting") this.#stop(reason)
  }

  /** Gives up whatever there is to wait for: closes the socket, or sees to it that nothing is sent. */
  abandon(detail: string): void {
    this.withdraw(notSent("interrupted", detail))
    this.#abandon(inDoubt("no_answer", detail))
  }

  // undici promises to end each request once; a place given back twice would let one call too many through for ever.
  #release(): void {
    const onReleased = this.#onReleased
    this.#onReleased = () => {}
    onReleased()
  }

  #abandon(problem: Failed): void {
    this.#problem ??= problem
    this.#controller?.abort(new Error(problem.detail))
    this.#end(problem)
  }

  #stop(reason: NotSent): void {
    this.#phase = "stopped"
    Deferred.doneUnsafe(this.begun, Effect.void)
    this.#end(reason)
  }

  #end(ending: Ending): void {
    this.#chunks = []
    Deferred.doneUnsafe(this.ended, Effect.succeed(ending))
  }
}
