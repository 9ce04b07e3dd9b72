import { Effect, Metric, Option, Schedule } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Tenant } from "../domain/Tenant.ts"
import { makeSingleFlight } from "../running/SingleFlight.ts"
import { placeLeases } from "../telemetry/Metrics.ts"
import { PlacesRepo } from "./PlacesRepo.ts"

/** What this process has of one merchant's places. */
interface Share {
  readonly tenant: Tenant
  /** Without bounds while the database cannot say. */
  leased: number
  used: number
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

/** A request does not wait longer for leave to begin, so that it can still be told what is wrong with the database. */
export const patience = "500 millis"

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
    const share = { tenant: { environment, merchantId }, leased: 0, used: 0, closedUntil: 0 }
    shares.set(name, share)
    return share
  }

  const lease = (share: Share, places: number) =>
    repo.lease({ process, tenant: share.tenant, places, usual }).pipe(
      Effect.timeoutOption(patience),
      Effect.match({ onFailure: () => undefined, onSuccess: (found) => Option.getOrUndefined(Option.flatten(found)) }),
      Effect.flatMap((leased) => {
        share.leased = leased ?? Number.POSITIVE_INFINITY
        if (share.leased <= share.used) share.closedUntil = now_ms() + pause_ms
        return Metric.update(leased === undefined ? failures : leased < places ? refusals : grants, 1)
      })
    )

  /** What gives the place back; undefined where there is none. */
  const enter = (tenant: Tenant): Effect.Effect<(() => void) | undefined> =>
    Effect.suspend(() => {
      const share = shareOf(tenant)
      if (share.used < share.leased) {
        share.used++
        return Effect.succeed(() => void share.used--)
      }
      return now_ms() < share.closedUntil
        ? Effect.succeed(undefined)
        : Effect.andThen(alone(share, lease(share, wantedBy(share))), enter(tenant))
    })

  const renew = Effect.suspend(() =>
    Effect.forEach(
      [...shares],
      ([name, share]) => {
        if (share.used > 0) return alone(share, lease(share, share.used + block))
        shares.delete(name)
        return Effect.ignore(repo.release(process, share.tenant))
      },
      { discard: true }
    )
  )
  yield* Effect.forkScoped(Effect.repeat(Effect.delay(renew, renewal), Schedule.forever))
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...shares.values()], ({ tenant }) => Effect.ignore(repo.release(process, tenant)), {
      discard: true
    })
  )
  return { enter }
})

const leasesWith = (result: string) => Metric.withAttributes(placeLeases, { result })
const [grants, refusals, failures] = [leasesWith("granted"), leasesWith("refused"), leasesWith("failed")]
