import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { workplace } from "../local/Workplace.ts"
import { freePorts } from "../support/Ports.ts"
import { launch } from "./Program.ts"

/** Four ports that nobody listens on, as the environment names them. */
export const portVariables = Effect.map(freePorts(4), ([port, opsPort, simulatorPort, controlPort]) => ({
  PORT: `${port}`,
  OPS_PORT: `${opsPort}`,
  SIMULATOR_PORT: `${simulatorPort}`,
  SIMULATOR_CONTROL_PORT: `${controlPort}`
}))

/** A directory for the service's own Postgres, and the ports that it is started on. */
export class Place extends Context.Service<
  Place,
  {
    readonly directory: string
    readonly env: Effect.Success<typeof portVariables> & { readonly LOCAL_DIRECTORY: string }
  }
>()("payment-service/test/Place") {
  static readonly layer = Layer.effect(
    Place,
    Effect.gen(function* () {
      const directory = join(yield* workplace(), "local")
      return { directory, env: { LOCAL_DIRECTORY: directory, ...(yield* portVariables) } }
    })
  )
}

/** Starts the service with its own Postgres and simulator, and returns when it is ready. */
export const startHere = Effect.gen(function* () {
  const { env } = yield* Place
  const service = yield* launch(["serve"], env)
  yield* service.prints("Stop with Ctrl-C.")
  return service
})
