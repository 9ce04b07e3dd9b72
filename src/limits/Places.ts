import { Effect, Metric } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Tenant } from "../domain/Tenant.ts"
import type { Limits } from "../http/Limits.ts"
import { makeSingleFlight } from "../running/SingleFlight.ts"
import { placeLeases } from "../telemetry/Metrics.ts"
import { leaseOf, patiently } from "./Lease.ts"
import { PlacesRepo } from "./PlacesRepo.ts"

/** What this process has of one merchant's places. */
interface Share {
  readonly tenant: Tenant
  /** Without bounds while the database cannot say. */
  leased: number
  used: number
  /** The most that were in use since the last renewal. */
  peak: number
  /** Milliseconds: nothing can be left before. */
  closedUntil: number
}

/** So many more than are in use are asked for, or as many again. */
const block = 8
const wantedBy = ({ used }: Share) => used + Math.max(block, used)

/** A third of the time for which they are leased: two attempts may fail. */
const renewal = "5 seconds"

/** After a refusal nobody is asked for so long, in milliseconds. */
const pause_ms = 100

/**
 * Lets so many requests of a merchant be under way at a time, of all processes together: each leases places in blocks,
 * and gives back what it does not need. Where the database cannot be asked, everybody is let in.
 */
export const makePlaces = Effect.fnUntraced(function* (usual: number, now_ms: () => number) {
  const repo = yield* PlacesRepo
  const random = yield* SecureRandom.SecureRandom
  const process = yield* random.uuidV7()
  const alone = yield* makeSingleFlight<Share>()
  const shares = new Map<string, Share>()

  const shareOf = (tenant: Tenant): Share => {
    const name = `${tenant.merchantId} ${tenant.environment}`
    const known = shares.get(name)
    if (known !== undefined) return known
    const { environment, merchantId } = tenant
    const share = { tenant: { environment, merchantId }, leased: 0, used: 0, peak: 0, closedUntil: 0 }
    shares.set(name, share)
    return share
  }

  const lease = (share: Share, places: () => number) =>
    Effect.suspend(() => {
      const wanted = places()
      // Meanwhile nobody takes more than what will be there.
      if (Number.isFinite(share.leased)) share.leased = Math.min(share.leased, wanted)
      return Effect.flatMap(leaseOf(repo.lease({ process, tenant: share.tenant, places: wanted, usual })), (leased) => {
        share.leased = leased ?? Number.POSITIVE_INFINITY
        if (share.leased < wanted && share.leased <= share.used) share.closedUntil = now_ms() + pause_ms
        return Metric.update(leased === undefined ? failures : leased < wanted ? refusals : grants, 1)
      })
    })

  const enter: Limits["Service"]["enter"] = (tenant, restore) =>
    Effect.suspend(() => {
      const share = shareOf(tenant)
      if (share.used < share.leased) {
        share.used++
        share.peak = Math.max(share.peak, share.used)
        return Effect.succeed(() => void share.used--)
      }
      if (now_ms() < share.closedUntil) return Effect.succeed(undefined)
      return Effect.flatMap(
        restore(
          patiently(
            alone(
              share,
              lease(share, () => wantedBy(share))
            )
          )
        ),
        (isLeased) => {
          if (!isLeased) share.leased = Number.POSITIVE_INFINITY
          return enter(tenant, restore)
        }
      )
    })

  const renewed = (name: string, share: Share) =>
    Effect.suspend(() => {
      const { peak } = share
      share.peak = share.used
      if (peak > 0) return lease(share, () => peak + block)
      // Whoever comes meanwhile waits for the end of this, and leases anew.
      share.leased = 0
      return Effect.exit(repo.release(process, share.tenant)).pipe(
        Effect.andThen(Effect.sync(() => void shares.delete(name)))
      )
    })

  const renew = Effect.suspend(() =>
    Effect.forEach([...shares], ([name, share]) => patiently(alone(share, renewed(name, share))), {
      concurrency: "unbounded",
      discard: true
    })
  )
  yield* Effect.forkScoped(Effect.forever(Effect.delay(Effect.exit(renew), renewal)))
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...shares.values()], ({ tenant }) => Effect.ignore(repo.release(process, tenant)), {
      discard: true
    })
  )
  return { enter }
})

const leasesWith = (result: string) => placeLeases({ result })
const [grants, refusals, failures] = [leasesWith("granted"), leasesWith("refused"), leasesWith("failed")]
