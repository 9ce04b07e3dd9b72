import { readdirSync, readFileSync } from "node:fs"
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks"
import { getActiveResourcesInfo, memoryUsage, resourceUsage } from "node:process"
import { type Duration, Effect, Layer, Metric, Option, Predicate, Schedule } from "effect"
import { counter, gauge } from "./Gauge.ts"
import * as Metrics from "./Metrics.ts"

/** How late the event loop is told of so much of its time, which begins anew each time. */
const usualWindow = "10 seconds"

/**
 * What the process takes of its machine. Everything is read when it is asked for, but how late the event loop was: of
 * that, the last window that is over is told.
 */
export const resourcesLayer = (window: Duration.Input = usualWindow) =>
  Layer.effectDiscard(
    Effect.all([memory, processorTime, descriptors, collections, eventLoop(window)], { discard: true })
  )

const memory = Effect.all(
  [
    gauge(Metrics.residentMemory, () => memoryUsage.rss()),
    gauge(Metrics.heapUsed, () => memoryUsage().heapUsed),
    gauge(Metrics.heapTotal, () => memoryUsage().heapTotal),
    gauge(Metrics.externalMemory, () => memoryUsage().external),
    gauge(Metrics.activeResources, () => getActiveResourcesInfo().length)
  ],
  { discard: true }
)

const processorTime = counter(Metrics.processorTime, () => {
  const { systemCPUTime, userCPUTime } = resourceUsage()
  return (systemCPUTime + userCPUTime) / 1e6
})

const open = Option.liftThrowable(() => readdirSync("/proc/self/fd").length)

/** As many as this process may have open at once, where the system says so. */
export const descriptorLimit = Option.liftThrowable(() => {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? []
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft)
})

/** Where there is no /proc nothing is said of them. */
const descriptors = Effect.suspend(() =>
  Option.isNone(open())
    ? Effect.void
    : Effect.all(
        [
          gauge(Metrics.openDescriptors, () => Option.getOrElse(open(), () => Number.NaN)),
          gauge(Metrics.mostDescriptors, () => Option.getOrElse(descriptorLimit(), () => Number.NaN))
        ],
        { discard: true }
      )
)

/** What a collection was for, by the number that Node tells (perf_hooks, `constants.NODE_PERFORMANCE_GC_*`). */
const kinds = { minor: 1, major: 4, incremental: 8, weakcb: 16 } as const

const collections = Effect.gen(function* () {
  const seen = new Map<number, { count: number; seconds: number }>()
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration } = entry
      const kind = kindOf(entry)
      const { count, seconds } = seen.get(kind) ?? none
      seen.set(kind, { count: count + 1, seconds: seconds + duration / 1_000 })
    }
  })
  yield* Effect.acquireRelease(
    Effect.sync(() => observer.observe({ entryTypes: ["gc"] })),
    () => Effect.sync(() => observer.disconnect())
  )
  for (const [kind, bit] of Object.entries(kinds)) {
    yield* counter(Metric.withAttributes(Metrics.collections, { kind }), () => (seen.get(bit) ?? none).count)
    yield* counter(Metric.withAttributes(Metrics.collectionTime, { kind }), () => (seen.get(bit) ?? none).seconds)
  }
})

const none = { count: 0, seconds: 0 }

// Not in the types, which know what all kinds of entries have.
const kindOf = (entry: unknown): number =>
  Predicate.hasProperty(entry, "detail") && Predicate.hasProperty(entry.detail, "kind") ? Number(entry.detail.kind) : 0

const eventLoop = Effect.fnUntraced(function* (window: Duration.Input) {
  const delay = yield* Effect.acquireRelease(
    Effect.sync(() => monitorEventLoopDelay({ resolution: resolution_ms })),
    (histogram) => Effect.sync(() => histogram.disable())
  )
  delay.enable()
  const told = { p50: 0, p99: 0, max: 0 }
  for (const [quantile, get] of [
    ["0.5", () => told.p50],
    ["0.99", () => told.p99],
    ["1", () => told.max]
  ] as const) {
    yield* gauge(Metric.withAttributes(Metrics.eventLoopDelay, { quantile }), get)
  }
  const look = Effect.sync(() => {
    // It counts how long its own timer slept.
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution_ms) / 1_000
    told.p50 = late(delay.percentile(50))
    told.p99 = late(delay.percentile(99))
    told.max = late(delay.max)
    delay.reset()
  })
  yield* Effect.forkScoped(Effect.delay(Effect.repeat(look, Schedule.spaced(window)), window))
})

const resolution_ms = 10
