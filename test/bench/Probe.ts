import { readdirSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setImmediate } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { ChildMessage } from "./ChildSide.ts"

/** What a process with the probe answers. `delay` alone leaves the heap as it is. */
export interface ProbeQuestion {
  readonly probe: "delay" | "everything"
}

/** How late the event loop was since it was last asked about, in milliseconds. */
export interface EventLoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface ProbeReading {
  readonly eventLoopDelay: EventLoopDelay
  /** Megabytes in use after a full collection of garbage. */
  readonly heap: number
  /** Open file descriptors; undefined where there is no /proc. */
  readonly descriptors: number | undefined
  /** What would keep the event loop alive: sockets, timers, servers. */
  readonly resources: number
}

const resolution_ms = 10
const monitor = monitorEventLoopDelay({ resolution: resolution_ms })

/** The monitor counts from one of its timers to the next, which on an idle loop is its resolution. */
const readDelay = (): EventLoopDelay => {
  const late = (nanoseconds: number) => (monitor.count === 0 ? 0 : Math.max(0, nanoseconds / 1e6 - resolution_ms))
  const delay = { p50: late(monitor.percentile(50)), p99: late(monitor.percentile(99)), max: late(monitor.max) }
  monitor.reset()
  return delay
}

const collectGarbage = async () => {
  // A flag of the command line would be there all the time, and not everything behaves alike with it.
  setFlagsFromString("--expose-gc")
  const collect: () => void = runInNewContext("gc")
  // What a finalizer lets go of goes with the second.
  collect()
  await setImmediate()
  collect()
}

const descriptors = (): number | undefined => {
  try {
    // One is the directory itself.
    return readdirSync("/proc/self/fd").length - 1
  } catch {
    return undefined
  }
}

const readEverything = async (): Promise<ProbeReading> => {
  const eventLoopDelay = readDelay()
  const resources = process.getActiveResourcesInfo().length
  await collectGarbage()
  const heap = process.memoryUsage().heapUsed / 2 ** 20
  // The collection was ours and no delay of theirs.
  monitor.reset()
  return { eventLoopDelay, heap, descriptors: descriptors(), resources }
}

const answer = (value: EventLoopDelay | ProbeReading): void => {
  const message: ChildMessage = { kind: "probed", value }
  if (process.connected) process.send?.(message)
}

/** Preloaded by `--import` into what is measured: answers its starter, ends with it, and does nothing else. */
const attach = (): void => {
  monitor.enable()
  process.on("message", ({ probe }: Partial<ProbeQuestion>) => {
    if (probe === "delay") answer(readDelay())
    if (probe === "everything") void readEverything().then(answer)
  })
  // The starter may be killed, and nobody else would ever end it.
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"))
  // Somebody who listens keeps a process alive, unless it says otherwise.
  process.channel?.unref()
}

if (process.send !== undefined) attach()
