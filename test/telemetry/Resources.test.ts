import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, Schedule } from "effect"
import * as Metrics from "../../src/telemetry/Metrics.ts"
import { resourcesLayer } from "../../src/telemetry/Resources.ts"
import { collectGarbage } from "../support/Garbage.ts"

/** What is told of this process now. */
const told = Effect.map(Metric.snapshot, (metrics) => {
  const valueOf = (metric: Metric.Metric<number, unknown>, attributes: Readonly<Record<string, string>> = {}) => {
    const found = metrics.find(
      ({ attributes: own = {}, id }) =>
        id === metric.id && Object.entries(attributes).every(([key, value]) => own[key] === value)
    )
    const state = found?.state
    if (state === undefined) return assert.fail(`no ${metric.id}`)
    return Number("value" in state ? state.value : "count" in state ? state.count : Number.NaN)
  }
  return { valueOf }
})

/** By the processor's clock: on a busy machine that takes longer. */
const compute = (ms: number) =>
  Effect.sync(() => {
    const start = process.cpuUsage()
    for (let spent = 0; spent < ms; ) {
      const { system, user } = process.cpuUsage(start)
      spent = (system + user) / 1_000
    }
  })

const block = (ms: number) =>
  Effect.sync(() => {
    const end = performance.now() + ms
    while (performance.now() < end);
  })

describe("RES-M6, MEM-MON: the process", () => {
  it.live("tells how much memory and processor time it takes", () =>
    Effect.gen(function* () {
      const before = yield* told
      const { external, heapTotal, heapUsed, rss } = process.memoryUsage()
      for (const [metric, actual] of [
        [Metrics.residentMemory, rss],
        [Metrics.heapTotal, heapTotal],
        [Metrics.heapUsed, heapUsed],
        [Metrics.externalMemory, external]
      ] as const) {
        assert.closeTo(before.valueOf(metric), actual, 0.3 * actual, metric.id)
      }
      yield* compute(200)
      const spent = (yield* told).valueOf(Metrics.processorTime) - before.valueOf(Metrics.processorTime)
      assert.isAtLeast(spent, 0.2)
      // Of this moment, and not a sum of sums.
      assert.closeTo((yield* told).valueOf(Metrics.processorTime), process.cpuUsage().user / 1e6, 60)
    }).pipe(Effect.provide(resourcesLayer()))
  )

  it.live("RES-M4: tells how many descriptors are open, and how many may be", () =>
    Effect.gen(function* () {
      const { valueOf } = yield* told
      assert.closeTo(valueOf(Metrics.openDescriptors), readdirSync("/proc/self/fd").length, 5)
      assert.isAbove(valueOf(Metrics.mostDescriptors), valueOf(Metrics.openDescriptors))
    }).pipe(Effect.provide(resourcesLayer()))
  )

  it.live("RES-M1: tells what keeps its event loop alive", () =>
    Effect.gen(function* () {
      const active = Effect.map(told, ({ valueOf }) => valueOf(Metrics.activeResources))
      const before = yield* active
      const timers = Array.from({ length: 50 }, () => setTimeout(() => {}, 60_000))
      assert.isAtLeast(yield* active, before + 45)
      for (const timer of timers) clearTimeout(timer)
      assert.isAtMost(yield* active, before + 5)
    }).pipe(Effect.provide(resourcesLayer()))
  )

  it.live("counts garbage collections and their time", () =>
    Effect.gen(function* () {
      const major = { kind: "major" }
      const before = yield* told
      yield* collectGarbage
      const after = yield* Effect.repeat(told, {
        until: ({ valueOf }) => valueOf(Metrics.collections, major) > before.valueOf(Metrics.collections, major),
        schedule: Schedule.spaced("5 millis"),
        times: 400
      })
      assert.isAbove(after.valueOf(Metrics.collections, major), before.valueOf(Metrics.collections, major))
      assert.isAbove(after.valueOf(Metrics.collectionTime, major), before.valueOf(Metrics.collectionTime, major))
    }).pipe(Effect.provide(resourcesLayer()))
  )

  it.live("tells how late the event loop was, and forgets it", () =>
    Effect.gen(function* () {
      const worst = Effect.map(told, ({ valueOf }) => valueOf(Metrics.eventLoopDelay, { quantile: "1" }))
      const becomes = (isSo: (seconds: number) => boolean) =>
        Effect.repeat(worst, { until: isSo, schedule: Schedule.spaced("5 millis"), times: 400 })
      yield* Effect.sleep("50 millis")
      yield* block(200)
      assert.isAtLeast(yield* becomes((seconds) => seconds >= 0.15), 0.15)
      assert.isBelow(yield* becomes((seconds) => seconds < 0.15), 0.15)
    }).pipe(Effect.provide(resourcesLayer("100 millis")))
  )

  it.live("says nothing any more when it has ended", () =>
    Effect.gen(function* () {
      yield* Effect.provide(told, resourcesLayer())
      const left = (yield* Metric.snapshot).map(({ id }) => id)
      assert.notInclude(left, Metrics.residentMemory.id)
      assert.notInclude(left, Metrics.collections.id)
    })
  )
})
