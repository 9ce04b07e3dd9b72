import { Context, Effect, Layer, Ref } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

/** One thing the service needs in order to take payments; it ends within a second, with the reason when it fails. */
export interface Probe {
  readonly name: string
  readonly check: Effect.Effect<void, unknown>
}

/** How far the process is in its life. */
export class Health extends Context.Service<
  Health,
  {
    readonly setReady: (isReady: boolean) => Effect.Effect<void>
    /** Asked for each answer. */
    readonly isReadyUnsafe: () => boolean
  }
>()("payment-service/http/Health") {
  static readonly layer = Layer.effect(
    Health,
    Effect.map(Ref.make(false), (ready) =>
      Health.of({ setReady: (isReady) => Ref.set(ready, isReady), isReadyUnsafe: () => Ref.getUnsafe(ready) })
    )
  )
}

/**
 * `/health/live` says that the process answers and asks nothing of others; `/health/startup` that it has come up;
 * `/health/ready` that it should be given requests.
 */
export const healthRoutes = (probes: ReadonlyArray<Probe>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const health = yield* Health
      const router = yield* HttpRouter.HttpRouter
      const startup = Effect.sync(() => (health.isReadyUnsafe() ? answer(true, "started") : answer(false, "starting")))
      const ready = Effect.gen(function* () {
        if (!health.isReadyUnsafe()) return answer(false, "starting or shutting down")
        const checks = yield* Effect.forEach(probes, checked, { concurrency: "unbounded" })
        return answer(
          checks.every(({ ok }) => ok),
          checks.every(({ ok }) => ok) ? "ready" : "degraded",
          Object.fromEntries(checks.map(({ name, ok }) => [name, ok ? "ok" : "failing"]))
        )
      })
      yield* router.add("GET", "/health/live", answer(true, "alive"))
      yield* router.add("GET", "/health/startup", startup)
      yield* router.add("GET", "/health/ready", ready)
    })
  )

const checked = ({ check, name }: Probe) =>
  check.pipe(
    Effect.timeout("1 second"),
    Effect.as({ name, ok: true }),
    Effect.catchCause((cause) => Effect.as(Effect.logWarning(`${name} is not healthy`, cause), { name, ok: false }))
  )

const answer = (ok: boolean, status: string, checks: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.jsonUnsafe({ status, checks }, { status: ok ? 200 : 503 })
