import { Context, Effect, Layer } from "effect"
import { inject } from "vitest"
import { makeProxy, type Proxy } from "../support/Proxy.ts"
import { TestService } from "../support/TestService.ts"

/** The way to Postgres, which can be cut. */
export class WayToPostgres extends Context.Service<WayToPostgres, Proxy>()(
  "payment-service/test/degraded/WayToPostgres"
) {
  static readonly layer = Layer.effect(
    WayToPostgres,
    Effect.suspend(() => makeProxy(inject("postgres").server))
  )
}

/** The service as it is in production, with its breaker, behind a way to Postgres that can be cut. */
export const Stage = Layer.unwrap(
  Effect.map(WayToPostgres, ({ port }) =>
    TestService.layerWith(({ connection, epx }) => ({
      connection: { ...connection, host: "127.0.0.1", port },
      epx: { ...epx, hasBreaker: true }
    }))
  )
).pipe(Layer.provideMerge(WayToPostgres.layer))
