import { Console, Effect, Layer, Option } from "effect"
import { connectionOf, epxOf, keysOf, migrationsDirectory } from "./Backing.ts"
import { Health } from "./http/Health.ts"
import { type Demo, demoData } from "./local/DemoData.ts"
import { serviceLayer } from "./main.ts"
import { migrate } from "./postgres/Migrations.ts"
import type { Settings } from "./Settings.ts"

/** Runs the service until it is interrupted, and then lets every call that has begun come to its end. */
export const serve = Effect.fn("serve")(function* (settings: Settings) {
  const keys = yield* keysOf(settings)
  const connection = yield* connectionOf(settings)
  yield* migrate(connection, migrationsDirectory)
  const { simulator, wire } = yield* epxOf(settings)
  const services = yield* Layer.build(
    serviceLayer({
      ...keys,
      connection,
      host: settings.HOST,
      port: settings.PORT,
      opsHost: settings.OPS_HOST,
      opsPort: settings.OPS_PORT,
      pipelinedConnections: settings.DATABASE_PIPELINED_CONNECTIONS,
      plainConnections: settings.DATABASE_PLAIN_CONNECTIONS,
      epx: wire,
      operatorEnvironment: Option.isSome(settings.EPX_LIVE_URL) ? "live" : "test"
    })
  )
  return yield* Effect.gen(function* () {
    const { setReady } = yield* Health
    yield* Effect.acquireRelease(setReady(true), () =>
      Effect.andThen(setReady(false), Effect.logInfo("Shutting down: calls that have begun are finished first"))
    )
    const places = {
      api_url: `http://${settings.HOST}:${settings.PORT}`,
      ops_url: `http://${settings.OPS_HOST}:${settings.OPS_PORT}`
    }
    if (settings.APP_ENV !== "development") {
      yield* Effect.logInfo("Ready").pipe(Effect.annotateLogs(places))
    } else {
      const simulated = Option.match(simulator, {
        onNone: () => ({ brics: {} }),
        onSome: ({ brics, controlUrl, url }) => ({
          simulator_url: url.origin,
          simulator_control_url: controlUrl.origin,
          brics
        })
      })
      yield* Console.log(welcome(yield* demoData(settings.LOCAL_DIRECTORY, { ...places, ...simulated })))
    }
    return yield* Effect.never
  }).pipe(Effect.provideContext(services))
}, Effect.scoped)

const welcome = (demo: Demo) => `
Ready.

  API        ${demo.api_url}        reference at ${demo.api_url}/docs
  Operators  ${demo.ops_url}        metrics at ${demo.ops_url}/metrics${
    demo.simulator_control_url === undefined
      ? ""
      : `
  Simulator  ${demo.simulator_url}        steered at ${demo.simulator_control_url}/__sim/scenarios`
  }

Take a payment of $19.99 (keys and test cards are kept in .local/demo.json):

  curl -i ${demo.api_url}/v1/payments \\
    -H 'Authorization: Bearer ${demo.api_key}' \\
    -H 'Content-Type: application/json' \\
    -H 'Idempotency-Key: order-1001' \\
    -d '{"amount":1999,"currency":"USD","source":{"bric":"${demo.brics["visa"] ?? "…"}"},"order_ref":"1001"}'

Stop with Ctrl-C.
`
