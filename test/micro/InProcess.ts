import { randomBytes } from "node:crypto"
import { Duration, Effect, Layer, Redacted } from "effect"
import { HttpMiddleware, HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../../src/Api.ts"
import { Events } from "../../src/events/Events.ts"
import { EventsHttp } from "../../src/events/EventsHttp.ts"
import { EventsRepo } from "../../src/events/EventsRepo.ts"
import { Edge } from "../../src/http/Edge.ts"
import { Health } from "../../src/http/Health.ts"
import { Scopes } from "../../src/http/Scopes.ts"
import { isUntraceable } from "../../src/http/Secrets.ts"
import { Validation } from "../../src/http/Validation.ts"
import { moneyLayer } from "../../src/main.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { ApiKeysRepo } from "../../src/merchants/ApiKeysRepo.ts"
import { AuthenticationLayer } from "../../src/merchants/Authentication.ts"
import { pooledRandom } from "../../src/PooledRandom.ts"
import { PaymentsHttp } from "../../src/payments/PaymentsHttp.ts"
import { TimelineHttp } from "../../src/payments/TimelineHttp.ts"
import { TimelineRepo } from "../../src/payments/TimelineRepo.ts"
import { Timelines } from "../../src/payments/Timelines.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { Sampling, samplingLayer } from "../../src/telemetry/Sampling.ts"
import { databaseStandIn } from "./DatabaseStandIn.ts"
import { epxStandIn } from "./EpxStandIn.ts"

/** As in `src/main.ts`; the reference page and the health of the process are left out. */
const routes = Layer.mergeAll(
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide([PaymentsHttp, TimelineHttp, EventsHttp]),
    Layer.provide([AuthenticationLayer, Scopes, Validation.layer])
  ),
  Edge
)

const cipher = ColumnCipher.layer({
  keys: [{ id: "micro", key: Redacted.make(randomBytes(32)) }],
  fingerprintKey: Redacted.make(randomBytes(32))
})

/** As in `src/main.ts`; of new traces none is kept, so that only who brings one pays for it. */
const untracedRequests = Layer.effect(
  HttpMiddleware.TracerDisabledWhen,
  Effect.map(Sampling, (isKept) => (request) => !isKept(request.headers) || isUntraceable(request))
).pipe(Layer.provide(samplingLayer(0)))

const epx = new URL("http://epx.test/")

const app = routes.pipe(
  Layer.provide(
    moneyLayer({
      epx: { urls: { test: epx }, keepAlive: false, allowPlain: true },
      lookUps: { urls: { test: epx }, allowPlain: true },
      settlementDelay: Duration.hours(2)
    })
  ),
  Layer.provide([ApiKeys.layer, Events.layer, Timelines.layer]),
  Layer.provide([ApiKeysRepo.layer, EventsRepo.layer, TimelineRepo.layer]),
  Layer.provide(Layer.effectDiscard(Effect.flatMap(Health, ({ setReady }) => setReady(true)))),
  Layer.provide([databaseStandIn, epxStandIn, cipher, pooledRandom, Health.layer, HttpServer.layerServices]),
  Layer.provideMerge(untracedRequests)
)

/** The service without sockets and without a database. `dispose` ends what it does in the background. */
export const openInProcess = () => HttpRouter.toWebHandler(app, { disableLogger: true })
