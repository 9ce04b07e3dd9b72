import { Clock, Effect, Layer, Metric } from "effect"
import type { MerchantId } from "../domain/Ids.ts"
import type { LimitKind } from "../domain/Limit.ts"
import type { Tenant } from "../domain/Tenant.ts"
import type { Environment } from "../domain/Terminal.ts"
import { Limits, type Taken } from "../http/Limits.ts"
import { makeSingleFlight } from "../running/SingleFlight.ts"
import { rateLeases } from "../telemetry/Metrics.ts"
import { Bucket } from "./Bucket.ts"
import { leaseOf, patiently } from "./Lease.ts"
import { LeasesRepo } from "./LeasesRepo.ts"
import { makePlaces } from "./Places.ts"

/** Requests a second of a merchant for which nothing else is set. */
export interface UsualLimits {
  readonly reads: number
  readonly writes: number
  /** Requests that move money, at a time. */
  readonly writesAtOnce: number
}

type Buckets = Readonly<Record<Environment, Partial<Record<LimitKind, Bucket>>>>

/** Merchants of which something is remembered. The longest known goes first: it leases anew. */
const capacity = 10_000

/**
 * Lets merchants ask as often as they may, of all processes together: each takes blocks of what is left and spends them
 * without asking anybody. Where the database cannot be asked everybody is let in: it refuses more than it can serve by
 * itself.
 */
export const limitsLayer = (usual: UsualLimits) =>
  Layer.effect(
    Limits,
    Effect.gen(function* () {
      const repo = yield* LeasesRepo
      const alone = yield* makeSingleFlight<Bucket>()
      const clock = yield* Clock.Clock
      const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
      const { enter } = yield* makePlaces(usual.writesAtOnce, now_ms)
      const known = new Map<MerchantId, Buckets>()

      // For each request: no name is put together here, and none is looked up of which the hash is not known already.
      const bucketOf = ({ environment, merchantId }: Tenant, kind: LimitKind): Bucket => {
        const { [environment]: buckets } = known.get(merchantId) ?? remember(merchantId)
        buckets[kind] ??= new Bucket(usual[kind])
        return buckets[kind]
      }

      const remember = (merchantId: MerchantId): Buckets => {
        const buckets: Buckets = { test: {}, live: {} }
        known.set(merchantId, buckets)
        for (const oldest of known.keys()) {
          if (known.size <= capacity) break
          known.delete(oldest)
        }
        return buckets
      }

      const lease = ({ environment, merchantId }: Tenant, kind: LimitKind, bucket: Bucket) =>
        Effect.flatMap(
          leaseOf(Effect.suspend(() => repo.lease({ environment, merchantId, kind, usual: usual[kind] }))),
          (leased) => {
            if (leased === undefined) bucket.open(now_ms())
            else bucket.fill(leased, now_ms())
            return Metric.update(leased === undefined ? failures : leased.granted === 0 ? refusals : grants, 1)
          }
        )

      const take = (tenant: Tenant, kind: LimitKind): Effect.Effect<Taken> =>
        Effect.suspend(() => {
          const bucket = bucketOf(tenant, kind)
          const now = now_ms()
          if (bucket.spend(now)) return Effect.succeed(bucket.told(true, now))
          return bucket.isClosed(now)
            ? Effect.succeed(bucket.told(false, now))
            : Effect.flatMap(patiently(alone(bucket, lease(tenant, kind, bucket))), (isLeased) => {
                if (!isLeased) bucket.open(now_ms())
                return take(tenant, kind)
              })
        })

      return Limits.of({ take, enter })
    })
  )

const leasesWith = (result: string) => rateLeases({ result })
const [grants, refusals, failures] = [leasesWith("granted"), leasesWith("refused"), leasesWith("failed")]
