import { Cause, Clock, Context, Duration, Effect, Logger, Metric, Random, References, Scheduler } from "effect"
import type { Seed } from "./Seed.ts"
import type { Owner, World } from "./World.ts"

/** Sweeps look for something to do once a second. */
const sweepInterval_ms = 1_000

/** A process of the simulation: its fibers, its clock and its chance. Killed, it leaves everything as it stands. */
export class Process implements Owner {
  readonly name: string
  readonly world: World
  /** What went wrong in it that never should. */
  readonly defects: Array<string> = []
  isAlive = true
  readonly #lateness: Seed

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    this.#lateness = world.seed.fork(`${name}/lateness`)
  }

  kill(): void {
    this.isAlive = false
  }

  /** What a fiber of this process runs with. */
  context(): Context.Context<never> {
    return Context.empty().pipe(
      Context.add(Scheduler.Scheduler, this.#scheduler()),
      Context.add(Clock.Clock, this.#clock()),
      Context.add(Random.Random, this.#random()),
      Context.add(Metric.MetricRegistry, new Map()),
      Context.add(References.TracerEnabled, false),
      Context.add(Logger.CurrentLoggers, new Set([this.#logger()])),
      Context.add(References.MinimumLogLevel, "Warn")
    )
  }

  #scheduler(): Scheduler.Scheduler {
    const scheduleTask = (task: () => void): void =>
      this.world.task(() => {
        if (this.isAlive) task()
      })
    return {
      executionMode: "async",
      shouldYield: (fiber) => fiber.currentOpCount >= 2048,
      makeDispatcher: () => ({ scheduleTask, flush: () => {} })
    }
  }

  #clock(): Clock.Clock {
    const { world } = this
    const millis = () => world.now
    const nanos = () => BigInt(world.now) * 1_000_000n
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) => this.#sleep(Math.ceil(Duration.toMillis(duration)))
    }
  }

  #sleep(millis: number): Effect.Effect<void> {
    if (millis <= 0) return Effect.yieldNow
    if (!Number.isFinite(millis)) return Effect.never
    const isSweep = millis === sweepInterval_ms
    return Effect.callback((resume) => {
      const late = isSweep ? sweepInterval_ms * this.#lateness.between(0, this.world.laziness) : 0
      const end = this.world.after(millis + late, this, () => resume(Effect.void), isSweep)
      return Effect.sync(() => {
        end.isCanceled = true
      })
    })
  }

  #random(): Random.Random {
    const seed = this.world.seed.fork(`${this.name}/random`)
    return {
      nextDoubleUnsafe: () => seed.next(),
      nextIntUnsafe: () => seed.next32()
    }
  }

  #logger(): Logger.Logger<unknown, void> {
    return Logger.make(({ cause, fiber, logLevel, message }) => {
      const annotations = fiber.getRef(References.CurrentLogAnnotations)
      const said = [message].flat().join(" ")
      const why = cause.reasons.length === 0 ? "" : `: ${Cause.pretty(cause).split("\n")[0]}`
      this.world.trace.add(`${this.name} log ${logLevel} ${said}${why}`, Object.values(annotations))
      if (Cause.hasDies(cause)) this.defects.push(`${said}${why}`)
    })
  }
}
