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

/** The way to the replica. */
export class WayToReplica extends Context.Service<WayToReplica, Proxy>()("payment-service/test/degraded/WayToReplica") {
  // To a server a replica of itself is one that is never behind.
  static readonly layer = Layer.effect(
    WayToReplica,
    Effect.suspend(() => makeProxy(inject("postgres").server))
  )
}

/** The service as it is in production, with its breaker, behind ways to Postgres and to a replica that can be cut. */
export const Stage = Layer.unwrap(
  Effect.map(Effect.all([WayToPostgres, WayToReplica]), ([way, wayToReplica]) =>
    TestService.layerWith(({ connection, epx }) => ({
      connection: { ...connection, host: "127.0.0.1", port: way.port },
      replica: { ...connection, host: "127.0.0.1", port: wayToReplica.port },
      epx: { ...epx, hasBreaker: true }
    }))
  )
).pipe(Layer.provideMerge(Layer.merge(WayToPostgres.layer, WayToReplica.layer)))
