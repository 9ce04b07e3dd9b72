import { type HeapProfiler, type Profiler, Session } from "node:inspector/promises"
import { Effect } from "effect"

/** What V8's sampling profilers tell, as developer tools read it: functions with counts and sizes, and no value. */
export type CpuProfile = Profiler.Profile
export type HeapProfile = HeapProfiler.SamplingHeapProfile

/** Nobody else speaks on it, and whatever it has begun ends with it. */
const session = Effect.acquireRelease(
  Effect.sync(() => {
    const opened = new Session()
    opened.connect()
    return opened
  }),
  (opened) => Effect.sync(() => opened.disconnect())
)

/** Where the processor's time goes while this runs. */
export const cpuProfileOf = (meanwhile: Effect.Effect<unknown>): Effect.Effect<CpuProfile> =>
  Effect.gen(function* () {
    const inspector = yield* session
    yield* Effect.promise(() => inspector.post("Profiler.enable"))
    yield* Effect.promise(() => inspector.post("Profiler.start"))
    yield* meanwhile
    return (yield* Effect.promise(() => inspector.post("Profiler.stop"))).profile
  }).pipe(Effect.scoped)

/** By whom memory is taken while this runs that has not been collected at its end. */
export const heapProfileOf = (meanwhile: Effect.Effect<unknown>): Effect.Effect<HeapProfile> =>
  Effect.gen(function* () {
    const inspector = yield* session
    yield* Effect.promise(() => inspector.post("HeapProfiler.enable"))
    yield* Effect.promise(() => inspector.post("HeapProfiler.startSampling", { samplingInterval }))
    yield* meanwhile
    return (yield* Effect.promise(() => inspector.post("HeapProfiler.stopSampling"))).profile
  }).pipe(Effect.scoped)

/** Bytes between two samples: as many as DevTools takes. */
const samplingInterval = 32_768
