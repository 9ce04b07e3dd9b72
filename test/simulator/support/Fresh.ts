import { Effect } from "effect"
import type { PortUnavailable } from "../../../src/simulator/Listener.ts"
import { type PublicHostRefused, Simulator, type SimulatorOptions } from "../../../src/simulator/Simulator.ts"

/** 14 March 2026, 14:30:05 in New York: when the worked examples were made. */
export const startAt = "2026-03-14T18:30:05Z"

/** Runs a test against a simulator of its own. Its clock stands at `startAt` unless the options say otherwise. */
export const withSimulator = <A, E, R>(
  test: (simulator: Simulator["Service"]) => Effect.Effect<A, E, R>,
  options: Partial<SimulatorOptions> = {}
): Effect.Effect<A, E | PortUnavailable | PublicHostRefused, Exclude<R, Simulator>> =>
  Simulator.use(test).pipe(Effect.provide(Simulator.layer({ port: 0, controlPort: 0, startAt, ...options })))
