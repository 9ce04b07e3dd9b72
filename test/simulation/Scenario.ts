import { Effect } from "effect"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { Fleet } from "./Fleet.ts"
import { Network } from "./Network.ts"
import { Process } from "./Process.ts"
import { rest } from "./Rest.ts"
import type { Seed } from "./Seed.ts"
import { openShop, type Shop } from "./Shop.ts"
import { Storage } from "./Storage.ts"
import { type Clients, story } from "./Story.ts"
import { judge, type Verdict } from "./Verdict.ts"
import { World } from "./World.ts"

/** What one seed came to. */
export interface Outcome extends Verdict {
  readonly seed: string
  readonly hash: string
  readonly payments: number
  readonly statements: number
  /** From its beginning until everything was at rest. */
  readonly virtual_s: number
}

const tables = [
  "ledger_entries",
  "events",
  "audit_events",
  "duplicate_guards",
  "transactions",
  "payments",
  "api_keys",
  "terminals",
  "merchants"
]

export interface ScenarioOptions {
  readonly database: LocalDatabase
  readonly keepsHistory?: boolean
  /** Payments; by the seed when absent. */
  readonly payments?: number
  /** Rewrites statements, to see whether the simulation notices. */
  readonly sabotage?: (text: string) => string
}

/** One scenario, wholly decided by its seed. */
export const simulate = async (name: string, options: ScenarioOptions): Promise<Outcome> => {
  const start = Date.UTC(2026, 2, 2)
  const world = new World(name, start, options.keepsHistory === true)
  const { seed } = world
  world.now += seed.between(0, 13 * 86_400) * 1_000
  const begin = world.now
  const storage = await Storage.open(world, options.database, options.sabotage)
  try {
    await storage.query(`TRUNCATE ${tables.join(", ")} RESTART IDENTITY`)
    await storage.query(`ALTER SEQUENCE tran_nbr RESTART WITH ${seed.between(1, 9_000_000)}`)
    const network = new Network(world, name)
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
    const fleet = new Fleet(world, storage, network, seed.chance(0.5))
    fleet.start()
    if (seed.chance(0.3)) fleet.start()

    const outside = new Process(world, "clients")
    const clients: Clients = {
      fleet,
      answers: [],
      unanswered: new Set(),
      operations: new Map(),
      defects: [],
      oddity: seed.pick([0.1, 0.4, 1]),
      now: () => world.now
    }
    const payments = options.payments ?? 1_000
    const window_ms = seed.pick([10_000, 30_000, 60_000])
    const left = { stories: payments }
    const context = outside.context()
    for (let number = 0; number < payments; number++) {
      const own = seed.fork(`story ${number}`)
      const told = Effect.delay(story(clients, seed.pick(shops), own, number), own.between(0, window_ms))
      Effect.runForkWith(context)(told).addObserver((exit) => {
        left.stories--
        if (exit._tag === "Failure") clients.defects.push(`story ${number}: ${exit.cause}`)
      })
    }
    unsettle(world, seed, fleet, storage, network, window_ms)
    const isAtRest = await rest(world, storage, fleet, {
      isOver: () => left.stories === 0,
      isThorough: seed.chance(0.3)
    })
    const verdict = await judge({ world, storage, network, fleet, clients, isAtRest })
    return {
      seed: name,
      hash: world.trace.digest(),
      payments,
      statements: storage.statements,
      virtual_s: (world.now - begin) / 1_000,
      ...verdict,
      counts: new Map([...countsOf(storage, network, fleet, clients), ...verdict.counts])
    }
  } finally {
    await storage.close()
  }
}

const openShops = async (storage: Storage, seed: Seed): Promise<[Shop, ...ReadonlyArray<Shop>]> => {
  const make = (number: number, hasLookUps: boolean) =>
    openShop(storage, number, { hasLookUps, partialApprovals: seed.chance(0.3), rejectOnAvs: seed.chance(0.2) })
  return [await make(1, false), await make(2, true)]
}

/** Kills, stops, outages: each at its time, by the seed. */
const unsettle = (
  world: World,
  seed: Seed,
  fleet: Fleet,
  storage: Storage,
  network: Network,
  window_ms: number
): void => {
  const outside = { name: "operator", isAlive: true }
  const at = () => seed.between(100, window_ms + 60_000)
  const kills = seed.chance(0.6) ? seed.between(1, 4) : 0
  for (let made = 0; made < kills; made++) {
    const down_ms = seed.chance(0.7) ? seed.between(0, 3_000) : seed.between(3_000, 20_000)
    const isGraceful = seed.chance(0.25)
    world.after(at(), outside, () => {
      if (isGraceful) fleet.stop()
      else fleet.kill()
      world.after(down_ms, outside, () => fleet.start())
    })
  }
  if (seed.chance(0.2)) {
    const down_ms = seed.between(500, 8_000)
    world.after(at(), outside, () => {
      world.trace.add("Postgres is away")
      storage.downUntil = world.now + down_ms
    })
  }
  if (seed.chance(0.2)) {
    const down_ms = seed.between(500, 20_000)
    world.after(at(), outside, () => {
      world.trace.add("EPX is away")
      network.downUntil = world.now + down_ms
    })
  }
}

const countsOf = (storage: Storage, network: Network, fleet: Fleet, clients: Clients): Map<string, number> =>
  new Map([
    ...[...clients.operations].map(([name, count]) => [`asked: ${name}`, count] as const),
    ...[...network.fired].map(([name, count]) => [`fault: ${name}`, count] as const),
    ...[...storage.fired].map(([name, count]) => [`fault: ${name}`, count] as const),
    ["killed", fleet.restarts],
    ["stopped", fleet.stops]
  ])
