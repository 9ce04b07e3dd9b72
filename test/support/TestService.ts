import { randomBytes, randomInt, randomUUID } from "node:crypto"
import { Clock, Context, Duration, Effect, Layer, Redacted, Schedule, Scheduler } from "effect"
import type { MerchantId } from "../../src/domain/Ids.ts"
import { type Scope, scopes } from "../../src/domain/Scope.ts"
import type { Environment } from "../../src/domain/Terminal.ts"
import { Health } from "../../src/http/Health.ts"
import { type ServiceOptions, serviceLayer } from "../../src/main.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { farCutoff, keepBatchesOpen } from "./FarCutoff.ts"
import { type HttpAnswer, type HttpRequest, sendRequest } from "./HttpRequest.ts"
import { TestDatabase } from "./TestDatabase.ts"

/** A merchant with a test terminal, and the secrets of its keys. */
export interface TestMerchant {
  readonly id: MerchantId
  /** The four-part key of its terminal as the simulator spells it. */
  readonly terminal: string
  readonly keys: {
    /** Every scope. */
    readonly all: string
    readonly read: string
    /** May write, but not charge a raw BRIC. */
    readonly write: string
    /** Every scope, but on the live side, where this merchant has no terminal. */
    readonly live: string
  }
}

/** The whole service in this process, over real sockets, with a database and a simulator of its own. */
export class TestService extends Context.Service<
  TestService,
  {
    /** Origins of the API and of the operators' port. */
    readonly urls: { readonly api: string; readonly ops: string }
    readonly merchant: TestMerchant
    readonly operatorKey: string
    readonly simulator: Simulator["Service"]
    /** One request to the API. */
    request(request: HttpRequest): Effect.Effect<HttpAnswer>
    /** One request to the operators' port. */
    requestOps(request: HttpRequest): Effect.Effect<HttpAnswer>
    /** `POST /v1/payments` of $19.99 on the Visa test BRIC with these changes; by the merchant and with a new key. */
    charge(change?: object, options?: ChargeOptions): Effect.Effect<HttpAnswer>
    /** Another merchant, with a terminal of its own. */
    makeMerchant(): Effect.Effect<TestMerchant>
  }
>()("payment-service/test/TestService") {
  /** The same with some options of the service changed. */
  static readonly layerWith = (change: (usual: ServiceOptions) => Partial<ServiceOptions>) =>
    Layer.effectContext(Effect.suspend(() => start(change))).pipe(
      Layer.provideMerge(Layer.mergeAll(Simulator.layer({ port: 0, controlPort: 0 }), TestDatabase.layerClient)),
      // The sockets live in real time, whatever clock the tests have.
      Layer.provide([
        Layer.succeed(Clock.Clock, Clock.Clock.defaultValue()),
        Layer.succeed(Scheduler.Scheduler, Scheduler.Scheduler.defaultValue())
      ])
    )

  /** Gives the parts of the service too (`ApiKeys`, `Payments`, `Health` …), and `SqlClient` on its database. */
  static readonly layer = TestService.layerWith(() => ({}))
}

export interface ChargeOptions {
  readonly key?: string
  readonly idempotencyKey?: string
}

const start = Effect.fnUntraced(function* (change: (usual: ServiceOptions) => Partial<ServiceOptions>) {
  const connection = yield* TestDatabase
  const { url } = yield* Simulator
  const { options, services } = yield* Effect.suspend(() => {
    const usual = usualOptions(connection, url)
    const options = { ...usual, ...change(usual) }
    return Effect.map(Layer.build(Layer.fresh(serviceLayer(options))), (services) => ({ options, services }))
  }).pipe(Effect.retry({ schedule: Schedule.recurs(10), while: ({ _tag }) => _tag === "PortTaken" }))
  const service = yield* Effect.provideContext(make(options), services)
  return Context.add(services, TestService, service)
})

// The listeners cannot tell a port they chose themselves, and below 32768 no outgoing connection has one by chance.
const anyPort = () => randomInt(10_000, 32_768)

const usualOptions = (connection: ServiceOptions["connection"], epx: URL): ServiceOptions => ({
  host: "127.0.0.1",
  port: anyPort(),
  opsHost: "127.0.0.1",
  opsPort: anyPort(),
  maxConnections: 1_000,
  connection,
  pipelinedConnections: 4,
  plainConnections: 4,
  // Tests of faults would close the way for those that run after them.
  settlementDelay: Duration.hours(2),
  epx: { urls: { test: epx }, keepAlive: false, allowPlain: true, hasBreaker: false },
  lookUps: { urls: { test: new URL("custompay", epx) }, allowPlain: true },
  encryptionKeys: [{ id: "test", key: Redacted.make(randomBytes(32)) }],
  fingerprintKey: Redacted.make(randomBytes(32)),
  merchantLimits: { reads: 100_000, writes: 100_000, writesAtOnce: 10_000 },
  declineLimits: { customer: 100_000, address: 100_000, key: 100_000 },
  operatorEnvironment: "test"
})

const make = Effect.fnUntraced(function* ({ host, opsHost, opsPort, port }: ServiceOptions) {
  const apiKeys = yield* ApiKeys
  const merchants = yield* Merchants
  const simulator = yield* Simulator
  const health = yield* Health
  const { time, zone } = farCutoff()
  yield* keepBatchesOpen(simulator)
  const urls = { api: `http://${host}:${port}`, ops: `http://${opsHost}:${opsPort}` }

  const secretOf = (id: MerchantId, scopes: ReadonlyArray<Scope>, environment: Environment = "test") =>
    Effect.map(apiKeys.createForMerchant(id, { name: "Test", environment, scopes, expiresAt: null }), ({ secret }) =>
      Redacted.value(secret)
    )

  let terminals = 0
  // Nothing can be taken or missing here.
  const makeMerchant = Effect.fnUntraced(function* () {
    const merch_nbr = String(700_000 + ++terminals)
    const terminal = {
      environment: "test" as const,
      cust_nbr: "7000",
      merch_nbr,
      dba_nbr: "1",
      terminal_nbr: "1",
      settlement_zone: zone,
      settlement_cutoff: time
    }
    const { id } = yield* merchants.create({ name: `Shop ${terminals}`, terminals: [terminal] })
    const keys = yield* Effect.all({
      all: secretOf(id, scopes),
      read: secretOf(id, ["payments:read"]),
      write: secretOf(id, ["payments:write"]),
      live: secretOf(id, scopes, "live")
    })
    const made: TestMerchant = { id, terminal: `7000-${merch_nbr}-1-1`, keys }
    return made
  }, Effect.orDie)

  const merchant = yield* makeMerchant()
  const operator = yield* apiKeys.createForOperator({ name: "Test", environment: "test", expiresAt: null })
  yield* health.setReady(true)

  const request = (asked: HttpRequest) => sendRequest(urls.api, asked)
  return TestService.of({
    urls,
    merchant,
    operatorKey: Redacted.value(operator.secret),
    simulator,
    makeMerchant,
    request,
    requestOps: (asked) => sendRequest(urls.ops, asked),
    charge: (change, { idempotencyKey = randomUUID(), key = merchant.keys.all } = {}) =>
      request({
        path: "/v1/payments",
        key,
        headers: { "idempotency-key": idempotencyKey },
        json: { amount: 1999, currency: "USD", source: { bric: simulator.brics.visa }, ...change }
      })
  })
})
