import { Context, Effect, Exit, Metric, type Redacted } from "effect"
import { TooManyDeclines } from "../domain/ChargeErrors.ts"
import type { DeclineSubject } from "../domain/DeclineSubject.ts"
import type { ApiKeyId } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { declinesCounted, declinesRefused } from "../telemetry/Metrics.ts"

/** For whom, from where and with which key something is charged, as far as that is known. */
export interface Buyer extends Tenant {
  readonly keyId: ApiKeyId
  readonly customerId: string | null
  readonly address: Redacted.Redacted | null
}

/** Of what too much was declined, and how long nothing more of it is charged. */
export interface Refused {
  readonly per: DeclineSubject
  /** At least 1. */
  readonly retryAfter_s: number
}

/** Knows of whom so many charges were declined lately that cards are being tested, in whatever process. */
export class DeclineGuard extends Context.Service<
  DeclineGuard,
  {
    /** Neither may wait for anything: a charge waits for both. */
    refusal(buyer: Buyer): Refused | undefined
    count(buyer: Buyer): void
  }
>()("payment-service/http/DeclineGuard") {}

/**
 * Why nothing new is to be charged, and what to do when something is declined. Whatever goes wrong with either, the
 * charge goes on: what is only looked at must not be what fails a payment.
 */
export const watchOf = (guard: DeclineGuard["Service"], buyer: Buyer) => ({
  objection: Effect.flatMap(Effect.exit(Effect.sync(() => guard.refusal(buyer))), (asked) => {
    if (Exit.isFailure(asked))
      return Effect.as(complained("Whether too much was declined could not be told", asked), undefined)
    if (asked.value === undefined) return Effect.undefined
    const { per, retryAfter_s } = asked.value
    return Effect.succeed(new TooManyDeclines({ per, retry_after: retryAfter_s }))
  }),
  onDeclined: Effect.flatMap(Effect.exit(Effect.sync(() => guard.count(buyer))), (exit) =>
    Exit.isSuccess(exit) ? Metric.update(declinesCounted, 1) : complained("A decline could not be counted", exit)
  )
})

const complained = (what: string, { cause }: Exit.Failure<unknown, never>) => Effect.logError(what, cause)

export const refusalCounted = ({ per }: TooManyDeclines) => Metric.update(declinesRefused({ per }), 1)
