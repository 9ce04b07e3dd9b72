import { Effect } from "effect"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { announce, asProcess } from "./ChildSide.ts"

/** Given in the environment variable SIMULATOR, as JSON. */
export interface SimulatorSettings {
  /** 0: any free port. */
  readonly port: number
  readonly latencyMillis: number
}

/** What it announces. */
export interface SimulatorReady {
  readonly url: string
  readonly controlUrl: string
  readonly brics: ReadonlyArray<string>
}

const serve = ({ port, latencyMillis }: SimulatorSettings) =>
  Effect.gen(function* () {
    const { url, controlUrl, brics } = yield* Simulator
    const ready: SimulatorReady = { url: String(url), controlUrl: String(controlUrl), brics: Object.values(brics) }
    announce(ready)
    return yield* Effect.never
  }).pipe(
    // A log of requests is memory and time that EPX would not take from us.
    Effect.provide(Simulator.layer({ port, controlPort: 0, latency: latencyMillis, requestLog: 0 })),
    Effect.runPromise
  )

asProcess(import.meta.url, () => serve(JSON.parse(process.env.SIMULATOR ?? "{}")))
