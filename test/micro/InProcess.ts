import { randomBytes } from "node:crypto"
import { Duration, Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { Events } from "../../src/events/Events.ts"
import { EventsRepo } from "../../src/events/EventsRepo.ts"
import { Admission } from "../../src/http/Admission.ts"
import { Health } from "../../src/http/Health.ts"
import { declineGuardLayer } from "../../src/limits/Declines.ts"
import { DeclinesRepo } from "../../src/limits/DeclinesRepo.ts"
import { LeasesRepo } from "../../src/limits/LeasesRepo.ts"
import { limitsLayer } from "../../src/limits/Limits.ts"
import { PlacesRepo } from "../../src/limits/PlacesRepo.ts"
import { apiRoutes, moneyLayer } from "../../src/main.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { ApiKeysRepo } from "../../src/merchants/ApiKeysRepo.ts"
import { pooledRandom } from "../../src/PooledRandom.ts"
import { TimelineRepo } from "../../src/payments/TimelineRepo.ts"
import { Timelines } from "../../src/payments/Timelines.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { samplingLayer } from "../../src/telemetry/Sampling.ts"
import { databaseStandIn } from "./DatabaseStandIn.ts"
import { epxStandIn } from "./EpxStandIn.ts"

const cipher = ColumnCipher.layer({
  keys: [{ id: "micro", key: Redacted.make(randomBytes(32)) }],
  fingerprintKey: Redacted.make(randomBytes(32))
})

const epx = new URL("http://epx.test/")

const app = apiRoutes.pipe(
  Layer.provide(
    moneyLayer({
      epx: { urls: { test: epx }, keepAlive: false, allowPlain: true },
      lookUps: { urls: { test: epx }, allowPlain: true },
      settlementDelay: Duration.hours(2)
    })
  ),
  Layer.provide([ApiKeys.layer, Events.layer, Timelines.layer]),
  Layer.provide(
    Layer.provide(limitsLayer({ reads: 1e9, writes: 1e9, writesAtOnce: 1e9 }), [LeasesRepo.layer, PlacesRepo.layer])
  ),
  Layer.provide(Layer.provide(declineGuardLayer({ customer: 10, address: 30, key: 3_000 }), DeclinesRepo.layer)),
  Layer.provide([ApiKeysRepo.layer, EventsRepo.layer, TimelineRepo.layer]),
  Layer.provide(Layer.effectDiscard(Effect.flatMap(Health, ({ setReady }) => setReady(true)))),
  Layer.provide([databaseStandIn, epxStandIn, cipher, pooledRandom, Health.layer, Admission.layer]),
  Layer.provideMerge(HttpServer.layerServices),
  // Of new traces none is kept, so that only who brings one pays for it.
  Layer.provideMerge(samplingLayer(0))
)

/** The service without sockets and without a database. `dispose` ends what it does in the background. */
export const openInProcess = () => HttpRouter.toWebHandler(app, { disableLogger: true })
