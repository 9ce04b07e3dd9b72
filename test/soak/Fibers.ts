import { queryObjects } from "node:v8"
import { Effect } from "effect"
import type { ChildMessage } from "../bench/ChildSide.ts"

/** What a process that has this preloaded is asked. */
export const fibersQuestion = { probe: "fibers" }

/** Preloaded by `--import` into the service: tells its starter how many fibers there are after a collection of garbage. */
const attach = (): void => {
  const Fiber = Effect.runFork(Effect.void).constructor
  process.on("message", ({ probe }: Partial<typeof fibersQuestion>) => {
    if (probe !== fibersQuestion.probe) return
    const message: ChildMessage = { kind: "probed", value: queryObjects(Fiber) }
    process.send?.(message)
  })
  // Somebody who listens keeps a process alive, unless it says otherwise.
  process.channel?.unref()
}

if (process.send !== undefined) attach()
