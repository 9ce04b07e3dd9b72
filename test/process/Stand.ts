import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { workplace } from "../local/Workplace.ts"
import { freePorts } from "../support/Ports.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { type Environment, launch } from "./Program.ts"
import { type Access, readDemo } from "./Shop.ts"

/** A database and a gateway that outlive the service, so that it can be killed between them. */
export class Stand extends Context.Service<
  Stand,
  {
    /** Starts the service and returns when it is ready. */
    readonly start: (env?: Environment) => ReturnType<typeof start>
    readonly simulator: Simulator["Service"]
    /** Where the keys of the demo merchant are kept. */
    readonly directory: string
    readonly sql: PgClient.PgClient
  }
>()("payment-service/test/Stand") {
  static readonly layer = Layer.effect(
    Stand,
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const { database, host, port, username } = yield* TestDatabase
      const directory = yield* workplace()
      const env = {
        LOCAL_DIRECTORY: directory,
        DATABASE_URL: `postgres://${username}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
        EPX_TEST_URL: simulator.url.href
      }
      return Stand.of({
        simulator,
        directory,
        sql: yield* PgClient.PgClient,
        start: (more = {}) => start(directory, { ...env, ...more })
      })
    })
  ).pipe(Layer.provide([Simulator.layer({ port: 0, controlPort: 0 }), TestDatabase.layerClient]))
}

const start = Effect.fnUntraced(function* (directory: string, env: Environment) {
  const [port, opsPort] = yield* freePorts(2)
  const service = yield* launch(["serve"], { ...env, PORT: `${port}`, OPS_PORT: `${opsPort}` })
  yield* service.prints("Stop with Ctrl-C.")
  const access: Access = { url: `http://127.0.0.1:${port}`, apiKey: readDemo(directory).api_key }
  return { ...service, access, opsUrl: `http://127.0.0.1:${opsPort}` }
})
