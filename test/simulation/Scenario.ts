import type { Seed } from "./Seed.ts"
import { openShop, type Shop } from "./Shop.ts"
import { type Outcome, play, type Stage, type StageOptions } from "./Stage.ts"
import type { Storage } from "./Storage.ts"
import { story } from "./Story.ts"

export interface ScenarioOptions extends StageOptions {
  readonly payments: number
}

/** One scenario, wholly decided by its seed: how bad everything is, and what everybody does. */
export const simulate = (name: string, { payments, ...options }: ScenarioOptions): Promise<Outcome> =>
  play(name, options, async (stage) => {
    const { clients, fleet, network, storage, world } = stage
    const { seed } = world
    const shops = await openShops(storage, seed)
    network.gateway.patchProfile({
      partial_approvals: seed.chance(0.5),
      cce7_twice: seed.pick(["25", "00"]),
      cce7_declined: seed.pick(["25", "00"]),
      refund_unsettled: seed.pick(["allow", "S7"]),
      auth_guid_on_decline: seed.chance(0.5),
      listing_lag_seconds: seed.pick([0, 0, 90])
    })
    const severity = seed.pick([0.02, 0.1, 0.3, 1])
    network.weather = {
      losses: 0.15 * severity,
      garbage: 0.1 * severity,
      oddities: 0.05 * severity,
      slowness: 0.08 * severity,
      repetitions: 0.05 * severity
    }
    storage.failures = seed.pick([0, 0.002, 0.02])
    world.laziness = seed.fork("laziness").pick([0, 3, 3])
    fleet.start()
    if (seed.chance(0.3)) fleet.start()
    const window_ms = seed.pick([10_000, 30_000, 60_000])
    for (let number = 0; number < payments; number++) {
      const own = seed.fork(`story ${number}`)
      stage.tell(story(clients, seed.pick(shops), own, number), own.between(0, window_ms))
    }
    unsettle(stage, window_ms)
    return stage.conclude(payments, seed.chance(0.3))
  })

const openShops = async (storage: Storage, seed: Seed): Promise<[Shop, ...ReadonlyArray<Shop>]> => {
  const make = (number: number, hasLookUps: boolean) =>
    openShop(storage, number, { hasLookUps, partialApprovals: seed.chance(0.3), rejectOnAvs: seed.chance(0.2) })
  return [await make(1, false), await make(2, true)]
}

const operator = { name: "operator", isAlive: true }

/** Processes that die or are told to stop, and outages: each at its time, by the seed. */
const unsettle = ({ fleet, network, storage, world }: Stage, window_ms: number): void => {
  const { seed } = world
  const at = () => seed.between(100, window_ms + 60_000)
  const ends = seed.chance(0.6) ? seed.between(1, 4) : 0
  for (let made = 0; made < ends; made++) {
    const down_ms = seed.chance(0.7) ? seed.between(0, 3_000) : seed.between(3_000, 20_000)
    const isGraceful = seed.chance(0.25)
    world.after(at(), operator, () => {
      if (isGraceful) fleet.stop()
      else fleet.kill()
      world.after(down_ms, operator, () => fleet.start())
    })
  }
  if (seed.chance(0.2)) {
    const down_ms = seed.between(500, 8_000)
    world.after(at(), operator, () => {
      world.trace.add("Postgres is away")
      storage.downUntil = world.now + down_ms
    })
  }
  if (seed.chance(0.2)) {
    const down_ms = seed.between(500, 20_000)
    world.after(at(), operator, () => {
      world.trace.add("EPX is away")
      network.downUntil = world.now + down_ms
    })
  }
}
