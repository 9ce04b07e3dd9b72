import { Effect } from "effect"
import type { EventLoopDelay, ProbeQuestion, ProbeReading } from "./Probe.ts"
import { type ChildFailed, nextMessage, type RunningProcess } from "./Process.ts"

/** A process that was started with the probe, and can be looked into while it runs. */
export interface Probed {
  /** Collects garbage first: ask before or after what is measured, not meanwhile. */
  readonly probe: Effect.Effect<ProbeReading, ChildFailed>
  /** Since it was last asked, by this or by `probe`. */
  readonly eventLoopDelay: Effect.Effect<EventLoopDelay, ChildFailed>
}

export const probed = (running: RunningProcess): Probed => {
  const ask = (question: ProbeQuestion) => nextMessage(running, "probed", question)
  return {
    probe: Effect.map(ask({ probe: "everything" }), (value) => value as ProbeReading),
    eventLoopDelay: Effect.map(ask({ probe: "delay" }), (value) => value as EventLoopDelay)
  }
}
