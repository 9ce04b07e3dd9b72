import { Effect } from "effect"
import { type ChildFailed, nextMessage, type ProcessOptions, type RunningProcess, startProcess } from "./Process.ts"

/** A process that speaks as in ChildSide.ts. */
export interface Child extends RunningProcess {
  /** What it announced. */
  readonly ready: unknown
  /** Gives it a job and waits for the result. Once interrupted, the child is of no more use. */
  readonly ask: (job: object) => Effect.Effect<unknown, ChildFailed>
}

export const startChild = Effect.fnUntraced(function* (options: ProcessOptions) {
  const running = yield* startProcess(options)
  const ready = yield* nextMessage(running, "ready").pipe(
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.fail(running.failure()) })
  )
  const child: Child = { ...running, ready, ask: (job) => nextMessage(running, "done", job) }
  return child
})
