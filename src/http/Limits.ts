import { Context, Effect, Metric, Schema } from "effect"
import { HttpServerResponse, ProblemDetails } from "effect/http"
import { LimitKind } from "../domain/Limit.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { rateLimited } from "../telemetry/Metrics.ts"
import { problemBody } from "./Problem.ts"

/** What became of one request. */
export interface Taken {
  readonly isAllowed: boolean
  /** Requests a second, and as many at once after a pause. */
  readonly rate: number
  /** About how many may follow at once. */
  readonly remaining: number
  /** Seconds until one more is allowed, at least 1. */
  readonly retryAfter_s: number
}

/** How often a merchant may ask, and how much of that at a time, of all processes together. */
export class Limits extends Context.Service<
  Limits,
  {
    take(tenant: Tenant, kind: LimitKind): Effect.Effect<Taken>
    /**
     * A place for what moves money: what gives it back, or undefined where there is none. It must be called where
     * nothing interrupts, or a place could be lost; only the wait for one is interruptible, by `restore`.
     */
    enter(
      tenant: Tenant,
      restore: <A>(wait: Effect.Effect<A>) => Effect.Effect<A>
    ): Effect.Effect<(() => void) | undefined>
  }
>()("payment-service/http/Limits") {}

export class RateLimited extends Schema.TaggedError<RateLimited>()(
  "RateLimited",
  { limit: Schema.Literals([...LimitKind.literals, "concurrency"]) },
  { httpApiStatus: 429 }
) {
  override get message() {
    return this.limit === "concurrency"
      ? "As many requests of this merchant as may be are under way. Nothing was done: send it again in a moment."
      : `More requests came than this merchant may make (${this.limit}). Nothing was done: wait for \`Retry-After\`.`
  }
}

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/**
 * Serves the request if its merchant may make one more, and tells how many may follow (draft-ietf-httpapi-ratelimit-
 * headers-10). A refused one is not looked at any further.
 */
export const limited = <E, R>(taken: Taken, kind: LimitKind, handler: Answer<E, R>): Answer<E, R> =>
  taken.isAllowed
    ? Effect.map(handler, (response) => HttpServerResponse.setHeaders(response, headersOf(taken, kind)))
    : refused(kind, { ...headersOf(taken, kind), "retry-after": String(taken.retryAfter_s) })

/** Serves the request if there is a place for it, and gives that back, however it ends. */
export const placed = <E, R>({ enter }: Limits["Service"], tenant: Tenant, handler: Answer<E, R>): Answer<E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(enter(tenant, restore), (leave) =>
      leave === undefined
        ? refused("concurrency", { "retry-after": "1" })
        : Effect.onExit(restore(handler), () => Effect.sync(leave))
    )
  )

const headersOf = ({ rate, remaining }: Taken, kind: LimitKind) => ({
  "ratelimit-policy": `"${kind}";q=${rate};w=1`,
  ratelimit: `"${kind}";r=${remaining};t=1`
})

const refused = (limit: RateLimited["limit"], headers: Readonly<Record<string, string>>) => {
  const body = { ...problemBody("RateLimited", 429, new RateLimited({ limit }).message), limit }
  return Effect.as(
    Metric.update(rateLimited({ limit }), 1),
    HttpServerResponse.jsonUnsafe(body, { status: 429, contentType: ProblemDetails.contentType, headers })
  )
}
