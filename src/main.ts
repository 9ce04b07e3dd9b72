import { type Context, Duration, Effect, Layer, type Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { Api } from "./Api.ts"
import { AuditEvents } from "./audit/AuditEvents.ts"
import { AuditEventsHttp } from "./audit/AuditEventsHttp.ts"
import { AuditEventsRepo } from "./audit/AuditEventsRepo.ts"
import type { Environment } from "./domain/Terminal.ts"
import { CustomPay, type CustomPayOptions } from "./epx/CustomPay.ts"
import { Epx, type EpxOptions } from "./epx/Epx.ts"
import { Events } from "./events/Events.ts"
import { EventsHttp } from "./events/EventsHttp.ts"
import { EventsRepo } from "./events/EventsRepo.ts"
import { Exceptions } from "./exceptions/Exceptions.ts"
import { ExceptionsHttp } from "./exceptions/ExceptionsHttp.ts"
import { ExceptionsRepo } from "./exceptions/ExceptionsRepo.ts"
import { Admission } from "./http/Admission.ts"
import type { Certificate } from "./http/Certificate.ts"
import type { ConnectionLimits } from "./http/ConnectionLimits.ts"
import { docsLayer } from "./http/Docs.ts"
import { Edge } from "./http/Edge.ts"
import { overloadGate } from "./http/Gate.ts"
import { Health, healthRoutes } from "./http/Health.ts"
import { listener } from "./http/Listener.ts"
import { methodNotAllowed } from "./http/MethodNotAllowed.ts"
import { Scopes } from "./http/Scopes.ts"
import { Validation } from "./http/Validation.ts"
import { KillSwitches } from "./kill-switches/KillSwitches.ts"
import { KillSwitchesHttp } from "./kill-switches/KillSwitchesHttp.ts"
import { KillSwitchesRepo } from "./kill-switches/KillSwitchesRepo.ts"
import type { DeclineLimits } from "./limits/DeclineStatements.ts"
import { declineGuardLayer } from "./limits/Declines.ts"
import { DeclinesRepo } from "./limits/DeclinesRepo.ts"
import { LeasesRepo } from "./limits/LeasesRepo.ts"
import { leftoversLayer } from "./limits/Leftovers.ts"
import { LeftoversRepo } from "./limits/LeftoversRepo.ts"
import { limitsLayer, type UsualLimits } from "./limits/Limits.ts"
import { PlacesRepo } from "./limits/PlacesRepo.ts"
import { ApiKeys } from "./merchants/ApiKeys.ts"
import { ApiKeysHttp } from "./merchants/ApiKeysHttp.ts"
import { ApiKeysRepo } from "./merchants/ApiKeysRepo.ts"
import { AuthenticationLayer, OperatorAuthenticationLayer } from "./merchants/Authentication.ts"
import { Merchants } from "./merchants/Merchants.ts"
import { MerchantsHttp } from "./merchants/MerchantsHttp.ts"
import { MerchantsRepo } from "./merchants/MerchantsRepo.ts"
import { OperatorApi } from "./OperatorApi.ts"
import { pooledRandom } from "./PooledRandom.ts"
import { Payments } from "./payments/Payments.ts"
import { PaymentsHttp } from "./payments/PaymentsHttp.ts"
import { PaymentsRepo } from "./payments/PaymentsRepo.ts"
import { TimelineHttp } from "./payments/TimelineHttp.ts"
import { TimelineRepo } from "./payments/TimelineRepo.ts"
import { Timelines } from "./payments/Timelines.ts"
import { type CipherKeys, ColumnCipher } from "./postgres/ColumnCipher.ts"
import { type Connection, Database } from "./postgres/Database.ts"
import { Profiles } from "./profiles/Profiles.ts"
import { ProfilesHttp } from "./profiles/ProfilesHttp.ts"
import { ProfilesRepo } from "./profiles/ProfilesRepo.ts"
import { fiberCount } from "./telemetry/FiberCount.ts"
import { resourcesLayer } from "./telemetry/Resources.ts"
import { Calls } from "./transactions/Calls.ts"
import { Transactions } from "./transactions/charges/Transactions.ts"
import { DoubtsRepo } from "./transactions/doubts/DoubtsRepo.ts"
import { Resolver } from "./transactions/doubts/Resolver.ts"
import { Cancellations } from "./transactions/follow-ups/Cancellations.ts"
import { FollowUps } from "./transactions/follow-ups/FollowUps.ts"
import { FollowUpsRepo } from "./transactions/follow-ups/FollowUpsRepo.ts"
import { Intents } from "./transactions/Intents.ts"
import { TransactionsRepo } from "./transactions/TransactionsRepo.ts"
import { SettlementDelay } from "./transactions/upkeep/SettlementDelay.ts"
import { Upkeep } from "./transactions/upkeep/Upkeep.ts"
import { UpkeepRepo } from "./transactions/upkeep/UpkeepRepo.ts"

export interface ServiceOptions {
  readonly host: string
  readonly port: number
  readonly opsHost: string
  readonly opsPort: number
  /** Open at a time on each of the two listeners. */
  readonly maxConnections: number
  /** With it the API is served over TLS; the operators' listener never is. */
  readonly certificate?: Certificate | undefined
  /** Other ones than usual. */
  readonly limits?: ConnectionLimits | undefined
  readonly connection: Connection
  /** For lists, which may be behind. */
  readonly replica?: Connection | undefined
  readonly pipelinedConnections: number
  readonly plainConnections: number
  readonly epx: EpxOptions
  readonly lookUps: CustomPayOptions
  /** From the cut-off of a batch until its items are taken for settled. */
  readonly settlementDelay: Duration.Duration
  readonly encryptionKeys: CipherKeys
  readonly fingerprintKey: Redacted.Redacted<Uint8Array>
  readonly merchantLimits: UsualLimits
  /** Declines within ten minutes, where a merchant has no limits of its own. */
  readonly declineLimits: DeclineLimits
  /** Whose operator keys open the operator API. */
  readonly operatorEnvironment: Environment
}

/** The whole service on a database whose schema is current. Layers close in the reverse order of this page. */
export const serviceLayer = (options: ServiceOptions) =>
  Layer.unwrap(
    Effect.map(Effect.context<never>(), (ambient) =>
      profilesEnd.pipe(
        Layer.provideMerge(apiLayer(options, ambient)),
        Layer.provideMerge(admissionLayer),
        Layer.provideMerge(moneyLayer(options)),
        Layer.provideMerge(opsLayer(options, ambient)),
        Layer.provideMerge(foundationLayer(options))
      )
    )
  )

/** What everything stands on: it closes last. */
const foundationLayer = (options: ServiceOptions) =>
  Layer.mergeAll(
    Merchants.layer,
    Events.layer,
    Timelines.layer,
    Exceptions.layer,
    AuditEvents.layer,
    Profiles.layer
  ).pipe(
    Layer.provideMerge(Layer.provide(KillSwitches.layer, KillSwitchesRepo.layer)),
    Layer.provideMerge(Layer.provide(limitsLayer(options.merchantLimits), [LeasesRepo.layer, PlacesRepo.layer])),
    Layer.provideMerge(Layer.provide(leftoversLayer, LeftoversRepo.layer)),
    Layer.provideMerge(Layer.provide(declineGuardLayer(options.declineLimits), DeclinesRepo.layer)),
    Layer.provideMerge(resourcesLayer()),
    Layer.provideMerge(ApiKeys.layer),
    Layer.provide([MerchantsRepo.layer, ApiKeysRepo.layer, EventsRepo.layer, TimelineRepo.layer]),
    Layer.provide([ExceptionsRepo.layer, TransactionsRepo.layer, AuditEventsRepo.layer, ProfilesRepo.layer]),
    Layer.provideMerge(Database.layer({ ...options, checkoutTimeout: "2 seconds" })),
    Layer.provideMerge(ColumnCipher.layer({ keys: options.encryptionKeys, fingerprintKey: options.fingerprintKey })),
    Layer.provideMerge(pooledRandom),
    Layer.provideMerge(Layer.merge(Health.layer, Admission.layer)),
    Layer.provideMerge(fiberCount)
  )

/** Calls to EPX and what follows from them; it closes when every call that has begun is on record. */
export const moneyLayer = (options: Pick<ServiceOptions, "epx" | "lookUps" | "settlementDelay">) =>
  Payments.layer.pipe(
    Layer.provide([PaymentsRepo.layer, Transactions.layer, Cancellations.layer]),
    Layer.provide(FollowUps.layer),
    Layer.provide(Intents.layer),
    Layer.provideMerge(Resolver.layer),
    Layer.provideMerge(Upkeep.layer),
    Layer.provide(Calls.layer),
    // They close after the calls that have begun have been stored.
    Layer.provide([TransactionsRepo.layer, FollowUpsRepo.layer, DoubtsRepo.layer, UpkeepRepo.layer]),
    Layer.provide(Layer.succeed(SettlementDelay, Duration.toSeconds(options.settlementDelay))),
    Layer.provide([Epx.layer(options.epx), CustomPay.layer(options.lookUps)])
  )

/** What waits for its claim decides whether more is let in. */
const admissionLayer = Layer.effectDiscard(
  Effect.flatMap(Effect.all([Admission, TransactionsRepo]), ([{ watch }, { claimAge_ms }]) => watch(claimAge_ms))
).pipe(Layer.provide(TransactionsRepo.layer))

/** A service that ends waits for calls, and not for what only looks on. */
const profilesEnd = Layer.effectDiscard(Effect.flatMap(Profiles, ({ end }) => Effect.addFinalizer(() => end)))

const healthLayer = Layer.unwrap(
  Effect.map(Database, ({ pipelined }) =>
    healthRoutes([{ name: "database", check: Effect.asVoid(pipelined((sql) => sql`SELECT 1 AS one`)) }])
  )
)

/** Gives nothing on: with the router of one listener in its context, the other would add its routes to that. */
const isolated = <A, E, R>(listener: Layer.Layer<A, E, R>) => Layer.effectDiscard(Layer.build(listener))

const apiLayer = (
  { certificate, host, limits, maxConnections, port }: ServiceOptions,
  ambient: Context.Context<never>
) => {
  const bounds = { name: "merchants", variable: "PORT", maxConnections, certificate, limits, ambient } as const
  const gated = Layer.unwrap(Effect.map(overloadGate, (gate) => listener({ ...bounds, gate, host, port })))
  return isolated(Layer.provide(HttpRouter.serve(apiRoutes, routerOptions), gated))
}

/** The API of merchants, with its reference and the health of the process. */
export const apiRoutes = Layer.mergeAll(
  HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }).pipe(
    Layer.provide([PaymentsHttp, TimelineHttp, EventsHttp]),
    Layer.provide([AuthenticationLayer, Scopes, Validation.layer])
  ),
  docsLayer(Api),
  methodNotAllowed(Api),
  healthLayer,
  Edge
)

const opsLayer = (
  { limits, maxConnections, operatorEnvironment, opsHost: host, opsPort: port }: ServiceOptions,
  ambient: Context.Context<never>
) => {
  const bounds = { name: "operators", variable: "OPS_PORT", maxConnections, limits, ambient } as const
  return isolated(
    HttpRouter.serve(opsRoutes(operatorEnvironment), routerOptions).pipe(
      Layer.provide(listener({ ...bounds, host, port }))
    )
  )
}

const opsRoutes = (operatorEnvironment: Environment) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(OperatorApi, { openapiPath: "/openapi.json" }).pipe(
      Layer.provide([MerchantsHttp, ApiKeysHttp, ExceptionsHttp, KillSwitchesHttp, AuditEventsHttp, ProfilesHttp]),
      Layer.provide([OperatorAuthenticationLayer(operatorEnvironment), Validation.layer])
    ),
    methodNotAllowed(OperatorApi),
    PrometheusMetrics.layerHttp(),
    healthLayer,
    Edge
  )

const routerOptions = {
  disableLogger: true,
  disableListenLog: true,
  // Longer path parameters are refused by the routes themselves, with a reason.
  routerConfig: { maxParamLength: 1_000, caseSensitive: true }
}
