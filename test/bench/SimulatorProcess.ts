import { Effect } from "effect"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { announce, asProcess } from "./ChildSide.ts"

/** Given in the environment variable SIMULATOR, as JSON. */
export interface SimulatorSettings {
  /** 0: any free port. */
  readonly port: number
  readonly latencyMillis: number
  /** Whether that port speaks TLS, with a certificate of the simulator's own authority. */
  readonly isTls?: boolean
}

/** What it announces. */
export interface SimulatorReady {
  readonly url: string
  readonly controlUrl: string
  readonly brics: ReadonlyArray<string>
}

const serve = ({ port, latencyMillis, isTls = false }: SimulatorSettings) =>
  Effect.gen(function* () {
    const { url, tls, controlUrl, brics } = yield* Simulator
    const ready: SimulatorReady = {
      url: String(tls?.url ?? url),
      controlUrl: String(controlUrl),
      brics: Object.values(brics)
    }
    announce(ready)
    return yield* Effect.never
  }).pipe(
    Effect.provide(
      Simulator.layer({
        ...(isTls ? { port: 0, tlsPort: port } : { port }),
        controlPort: 0,
        latency: latencyMillis,
        // A log of requests is memory and time that EPX would not take from us.
        requestLog: 0
      })
    ),
    Effect.runPromise
  )

asProcess(import.meta.url, () => serve(JSON.parse(process.env.SIMULATOR ?? "{}")))
