import { Console, Context, Duration, Effect, Layer, Option, References, Scope, Tracer } from "effect"
import { certificateOf, databaseOf, epxOf, keysOf } from "./Backing.ts"
import { Health } from "./http/Health.ts"
import { type Demo, demoData } from "./local/DemoData.ts"
import { serviceLayer } from "./main.ts"
import type { Settings } from "./Settings.ts"
import { Sampling } from "./telemetry/Sampling.ts"

/**
 * Runs the service until it is interrupted, and then lets every call that has begun come to its end. It has no span:
 * one that lasts as long as the service would be taken for the parent of every request.
 */
export const serve = Effect.fnUntraced(function* (settings: Settings) {
  const certificate = yield* certificateOf(settings)
  const keys = yield* keysOf(settings)
  const { connection } = yield* databaseOf(settings)
  const { lookUps, simulator, wire } = yield* epxOf(settings)
  // Without what the command line brought: each request takes its context along.
  const services = yield* Effect.updateContext(
    Layer.build(
      serviceLayer({
        ...keys,
        connection,
        replica: Option.getOrUndefined(Option.map(settings.DATABASE_REPLICA_URL, (url) => ({ url }))),
        host: settings.HOST,
        port: settings.PORT,
        opsHost: settings.OPS_HOST,
        opsPort: settings.OPS_PORT,
        maxConnections: settings.MAX_CONNECTIONS,
        certificate,
        pipelinedConnections: settings.DATABASE_PIPELINED_CONNECTIONS,
        plainConnections: settings.DATABASE_PLAIN_CONNECTIONS,
        epx: wire,
        settlementDelay: settings.SETTLEMENT_DELAY,
        lookUps,
        merchantLimits: {
          reads: settings.RATE_LIMIT_READS,
          writes: settings.RATE_LIMIT_WRITES,
          writesAtOnce: settings.CONCURRENCY_LIMIT
        },
        declineLimits: {
          customer: settings.DECLINE_LIMIT_CUSTOMER,
          address: settings.DECLINE_LIMIT_ADDRESS,
          key: settings.DECLINE_LIMIT_KEY
        },
        operatorEnvironment: Option.isSome(settings.EPX_LIVE_URL) ? "live" : "test"
      })
    ),
    ambient
  )
  return yield* Effect.gen(function* () {
    const { setReady } = yield* Health
    const delay = Option.getOrElse(settings.SHUTDOWN_DELAY, () => (settings.isProduction ? usualDelay : Duration.zero))
    yield* Effect.acquireRelease(setReady(true), () =>
      setReady(false).pipe(
        Effect.andThen(Effect.logInfo("Shutting down: calls that have begun are finished first")),
        // Whoever is served meanwhile is told to come again elsewhere.
        Effect.andThen(Effect.sleep(delay))
      )
    )
    const places = {
      api_url: urlOf(certificate === undefined ? "http" : "https", settings.HOST, settings.PORT),
      ops_url: urlOf("http", settings.OPS_HOST, settings.OPS_PORT)
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
      const lookupKey = Option.getOrUndefined(Option.map(simulator, ({ epiKey }) => epiKey))
      const { demo, path } = yield* demoData(settings.LOCAL_DIRECTORY, { ...places, ...simulated }, lookupKey)
      yield* Console.log(welcome(demo, path))
    }
    return yield* Effect.never
  }).pipe(Effect.provideContext(services))
}, Effect.scoped)

/** Load balancers need some time to see that a process is not ready any more. */
const usualDelay = Duration.seconds(5)

/** What is set for the whole process, and the scope that closes the service. */
const ambient: (context: Context.Context<Scope.Scope>) => Context.Context<Scope.Scope> = Context.pick(
  Scope.Scope,
  Sampling,
  Tracer.Tracer,
  References.TracerEnabled,
  References.CurrentLoggers,
  References.MinimumLogLevel
)

const urlOf = (protocol: string, host: string, port: number) =>
  `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}`

const welcome = (demo: Demo, path: string) => `
Ready.

  API        ${demo.api_url}        reference at ${demo.api_url}/docs
  Operators  ${demo.ops_url}        metrics at ${demo.ops_url}/metrics
  ${demo.simulator_url === undefined ? elsewhere(path) : simulated(demo, path)}
Stop with Ctrl-C.
`

const simulated = (demo: Demo, path: string) => `Simulator  ${demo.simulator_url}        steered at ${
  demo.simulator_control_url
}/__sim/scenarios

Take a payment of $19.99 (keys and test cards are kept in ${path}):

  curl -i ${demo.api_url}/v1/payments \\
    -H 'Authorization: Bearer ${demo.api_key}' \\
    -H 'Content-Type: application/json' \\
    -H 'Idempotency-Key: order-1001' \\
    -d '{"amount":1999,"currency":"USD","source":{"bric":"${demo.brics.visa}"},"order_ref":"1001"}'
`

// The demo merchant's four-part key is one of the simulator's; a real gateway knows others.
const elsewhere = (path: string) => `
EPX_TEST_URL is set, so payments go there. Keys of a demo merchant are kept in ${path};
its terminal is made up, so add your own: npm run cli -- merchants create --help
`
