import { createServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { Clock, Context, DateTime, Duration, Effect, FiberSet, Layer, Schema, type Scope } from "effect"
import type { Indefinite } from "./Assertions.ts"
import { testBrics } from "./Cards.ts"
import { makeControlPlane } from "./ControlPlane.ts"
import { Controls, type ShownDoubleCharge, type ShownDoubleRefund } from "./Controls.ts"
import { Doors } from "./Doors.ts"
import { testEpiKey } from "./EpiKey.ts"
import { makeFront } from "./Front.ts"
import type { LedgerFilter, TerminalLedger } from "./Ledger.ts"
import { listen, type PortUnavailable } from "./Listener.ts"
import { lookUpPrefix } from "./lookups/LookUps.ts"
import type { Profile, ProfilePatch } from "./Profile.ts"
import type { LoggedRequest, RequestFilter } from "./RequestLog.ts"
import type { InvalidCommand, Scenario, ScenarioInput } from "./Scenarios.ts"
import type { ShownTransaction } from "./ShownTransaction.ts"
import { TestCertificates } from "./TestCertificates.ts"

/** The host can be reached from elsewhere: anybody there could read and steer the simulator. */
export class PublicHostRefused extends Schema.TaggedError<PublicHostRefused>()("PublicHostRefused", {
  host: Schema.String
}) {
  override get message(): string {
    return `The simulator does not listen on ${this.host}: it is not a loopback address. Allow it with allowPublic.`
  }
}

export interface SimulatorOptions {
  /** Server Post over plain HTTP. 0 = any free port, here and below. */
  readonly port: number
  readonly controlPort: number
  /** Server Post over TLS; without it there is no TLS listener. */
  readonly tlsPort?: number | undefined
  /** A loopback address; 127.0.0.1 when absent. */
  readonly host?: string | undefined
  readonly allowPublic?: boolean | undefined
  /** The same seed and the same requests give the same answers. */
  readonly seed?: string | undefined
  /** Added to every answer; none when absent. */
  readonly latency?: Duration.Input | undefined
  /** How many requests to remember; 10,000 when absent, 0 = none. */
  readonly requestLog?: number | undefined
  /** The simulated clock starts here and stands still; without it, it runs with the real one. */
  readonly startAt?: DateTime.DateTime.Input | undefined
}

/** EPX on this machine: Server Post for cards, its books, and the means to make it fail on purpose. */
export class Simulator extends Context.Service<
  Simulator,
  {
    /** Server Post, `POST /`. */
    readonly url: URL
    /** Base of the look-ups; the signed path begins after it. */
    readonly customPayUrl: URL
    readonly controlUrl: URL
    /** `authority` is the PEM certificate to trust. */
    readonly tls: { readonly url: URL; readonly authority: string } | undefined
    /** Published BRICs that approve, never expire and work for any four-part key. */
    readonly brics: typeof testBrics
    /** The published EPI-Key of every terminal. */
    readonly epiKey: typeof testEpiKey
    readonly scenarios: {
      readonly add: (scenario: ScenarioInput) => Effect.Effect<Scenario, InvalidCommand>
      readonly list: (key?: string) => Effect.Effect<ReadonlyArray<Scenario>>
      /** Whether there was such a scenario. */
      readonly remove: (id: number) => Effect.Effect<boolean>
      readonly clear: (key?: string) => Effect.Effect<void>
    }
    /** What really happened, in cents. */
    ledger(filter?: LedgerFilter): Effect.Effect<ReadonlyArray<TerminalLedger>>
    transactions(filter?: LedgerFilter): Effect.Effect<ReadonlyArray<ShownTransaction>>
    /** The latest requests, redacted, oldest first. */
    requests(filter?: RequestFilter): Effect.Effect<ReadonlyArray<LoggedRequest>>
    readonly clock: {
      readonly now: Effect.Effect<DateTime.Utc>
      readonly advance: (duration: Duration.Input) => Effect.Effect<void>
    }
    /** The switches of a four-part key, or of every key that does not say otherwise. */
    profile(key?: string): Effect.Effect<Profile>
    patchProfile(patch: ProfilePatch, key?: string): Effect.Effect<Profile>
    /** Payments charged more than once, net of reversals, voids and refunds, or refunded beyond their charge. */
    doubleCharges(filter?: LedgerFilter): Effect.Effect<ReadonlyArray<ShownDoubleCharge>>
    /** Attempts (USER_DATA_2) refunded more than once, net of voids. */
    doubleRefunds(filter?: LedgerFilter): Effect.Effect<ReadonlyArray<ShownDoubleRefund>>
    /** Charges and refunds of that age that stand though the client was told nothing it could read. */
    indefinite(olderThan: Duration.Input, key?: string): Effect.Effect<ReadonlyArray<Indefinite>>
    /** Forgets one four-part key, or everything. */
    reset(key?: string): Effect.Effect<void>
  }
>()("payment-service/simulator/Simulator") {
  static readonly layer = (options: SimulatorOptions): Layer.Layer<Simulator, PortUnavailable | PublicHostRefused> =>
    Layer.effect(Simulator, make(options))
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)

const urlOf = (scheme: string, host: string, port: number): URL =>
  new URL(`${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}/`)

// EPX closes a connection after 30 s without traffic; nothing else may cut a call short here.
const serverOptions = { keepAliveTimeout: 30_000, requestTimeout: 0, headersTimeout: 0, noDelay: true }

const makeControls = Effect.fnUntraced(function* (options: SimulatorOptions, doors: Doors) {
  const clock = yield* Clock.Clock
  return new Controls({
    seed: options.seed ?? "payment-service",
    requestLog: options.requestLog ?? 10_000,
    doors,
    realTime: () => clock.currentTimeMillisUnsafe(),
    startAt: options.startAt === undefined ? undefined : DateTime.toEpochMillis(DateTime.makeUnsafe(options.startAt))
  })
})

const make = Effect.fnUntraced(function* (
  options: SimulatorOptions
): Effect.fn.Return<Simulator["Service"], PortUnavailable | PublicHostRefused, Scope.Scope> {
  const host = options.host ?? "127.0.0.1"
  if (!isLoopback(host) && options.allowPublic !== true) return yield* new PublicHostRefused({ host })

  const clock = yield* Clock.Clock
  const runFork = yield* FiberSet.makeRuntime()
  const run = (effect: Effect.Effect<unknown>): void => void runFork(effect)
  const doors = new Doors(run)
  const controls = yield* makeControls(options, doors)
  const onRequest = makeFront({
    gateway: controls.gateway,
    lookUps: controls.lookUps,
    latencyMs: Duration.toMillis(options.latency ?? 0),
    run,
    monotonicMs: () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
    reset: (socket) => doors.reset(socket),
    refuse: (forMs) => doors.refuse(forMs)
  })

  const plain = yield* listen(createServer(serverOptions, onRequest), {
    host,
    port: options.port,
    variable: "SIMULATOR_PORT"
  })
  doors.add(plain)
  const tls = options.tlsPort === undefined ? undefined : yield* listenTls(host, options.tlsPort, onRequest, doors)
  const control = yield* listen(createServer(serverOptions, makeControlPlane(controls)), {
    host,
    port: options.controlPort,
    variable: "SIMULATOR_CONTROL_PORT"
  })

  return Simulator.of({
    url: urlOf("http", host, plain.port),
    customPayUrl: new URL(lookUpPrefix, urlOf("http", host, plain.port)),
    controlUrl: urlOf("http", host, control.port),
    tls: tls === undefined ? undefined : { url: urlOf("https", host, tls), authority: TestCertificates.authority },
    brics: testBrics,
    epiKey: testEpiKey,
    scenarios: {
      add: Effect.fn("Simulator.addScenario")((scenario) => Effect.fromResult(controls.scenarios.add(scenario))),
      list: Effect.fn("Simulator.listScenarios")((key) => Effect.sync(() => controls.scenarios.list(key))),
      remove: Effect.fn("Simulator.removeScenario")((id) => Effect.sync(() => controls.scenarios.remove(id))),
      clear: Effect.fn("Simulator.clearScenarios")((key) => Effect.sync(() => controls.scenarios.clear(key)))
    },
    ledger: Effect.fn("Simulator.ledger")((filter) => Effect.sync(() => controls.ledger(filter ?? {}))),
    transactions: Effect.fn("Simulator.transactions")((filter) =>
      Effect.sync(() => controls.transactions(filter ?? {}))
    ),
    requests: Effect.fn("Simulator.requests")((filter) => Effect.sync(() => controls.requests(filter ?? {}))),
    clock: {
      now: Effect.sync(() => DateTime.makeUnsafe(controls.clock.now())),
      advance: Effect.fn("Simulator.advanceClock")((duration) =>
        Effect.sync(() => controls.clock.advance(Duration.toMillis(duration)))
      )
    },
    profile: Effect.fn("Simulator.profile")((key) => Effect.sync(() => controls.profile(key))),
    patchProfile: Effect.fn("Simulator.patchProfile")((patch, key) =>
      Effect.sync(() => controls.patchProfile(patch, key))
    ),
    doubleCharges: Effect.fn("Simulator.doubleCharges")((filter) =>
      Effect.sync(() => controls.doubleCharges(filter ?? {}))
    ),
    doubleRefunds: Effect.fn("Simulator.doubleRefunds")((filter) =>
      Effect.sync(() => controls.doubleRefunds(filter ?? {}))
    ),
    indefinite: Effect.fn("Simulator.indefinite")((olderThan, key) =>
      Effect.sync(() => controls.indefinite(Duration.toMillis(olderThan), key))
    ),
    reset: Effect.fn("Simulator.reset")((key) => Effect.sync(() => controls.reset(key)))
  })
})

const listenTls = Effect.fnUntraced(function* (
  host: string,
  port: number,
  onRequest: ReturnType<typeof makeFront>,
  doors: Doors
) {
  const credentials = { key: TestCertificates.key, cert: TestCertificates.trusted }
  const server = createTlsServer({ ...serverOptions, ...credentials }, onRequest)
  const listener = yield* listen(server, { host, port, variable: "SIMULATOR_TLS_PORT" })
  doors.add(listener, server)
  return listener.port
})
