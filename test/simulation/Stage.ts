import { Effect } from "effect"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { Fleet } from "./Fleet.ts"
import { Network } from "./Network.ts"
import { Process } from "./Process.ts"
import { rest } from "./Rest.ts"
import { Storage } from "./Storage.ts"
import type { Clients } from "./Story.ts"
import { judge, type Verdict } from "./Verdict.ts"
import { World } from "./World.ts"

export interface StageOptions {
  readonly database: LocalDatabase
  /** So that violations come with all that led to them. */
  readonly keepsHistory?: boolean
  /** Rewrites statements, to see whether the simulation notices. */
  readonly sabotage?: ((text: string) => string) | undefined
  /** A type of call that is sent twice, to see the same. */
  readonly resends?: string
}

/** What one seed came to. */
export interface Outcome extends Verdict {
  readonly seed: string
  /** Equal for equal runs. */
  readonly hash: string
  readonly payments: number
  readonly statements: number
  /** From the beginning until everything was at rest. */
  readonly virtual_s: number
}

/** Everything a scenario needs, at its beginning. */
export interface Stage {
  readonly world: World
  readonly storage: Storage
  readonly network: Network
  readonly fleet: Fleet
  readonly clients: Clients
  /** Begins what a client does, at some time. */
  tell(story: Effect.Effect<unknown>, after_ms: number): void
  /** Lets everything come to its end, and judges it. */
  conclude(payments: number, isThorough: boolean): Promise<Outcome>
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
  "kill_switches",
  "rate_limits",
  "concurrency_leases",
  "decline_levels",
  "merchants"
]

/** Two weeks, in one of which the clocks of New York change. */
const begin_ms = Date.UTC(2026, 2, 2)
const span_s = 13 * 86_400

/** Plays a scenario on a stage of its own. */
export const play = async (
  name: string,
  { database, keepsHistory = false, resends, sabotage }: StageOptions,
  act: (stage: Stage) => Promise<Outcome>
): Promise<Outcome> => {
  const world = new World(name, begin_ms, keepsHistory)
  const { seed } = world
  world.now += seed.between(0, span_s) * 1_000
  const storage = await Storage.open(world, database, sabotage)
  try {
    // A test may empty what is never emptied.
    await storage.query("SET session_replication_role = replica")
    await storage.query(`TRUNCATE ${tables.join(", ")} RESTART IDENTITY`)
    await storage.query("RESET session_replication_role")
    await storage.query(`ALTER SEQUENCE tran_nbr RESTART WITH ${seed.between(1, 9_000_000)}`)
    const stage = makeStage(name, world, storage)
    stage.network.resends = resends
    return await act(stage)
  } finally {
    await storage.close()
  }
}

const makeStage = (name: string, world: World, storage: Storage): Stage => {
  const begin = world.now
  const network = new Network(world, name)
  const fleet = new Fleet(world, storage, network, world.seed.chance(0.5))
  const clients: Clients = {
    fleet,
    answers: [],
    unanswered: new Set(),
    operations: new Map(),
    defects: [],
    oddity: world.seed.pick([0.1, 0.4, 1]),
    now: () => world.now
  }
  const context = new Process(world, "clients").context()
  const open = { stories: 0 }
  return {
    world,
    storage,
    network,
    fleet,
    clients,
    tell: (story, after_ms) => {
      open.stories++
      Effect.runForkWith(context)(Effect.delay(story, after_ms)).addObserver((exit) => {
        open.stories--
        if (exit._tag === "Failure") clients.defects.push(`a story: ${exit.cause}`)
      })
    },
    conclude: async (payments, isThorough) => {
      const isOver = () => open.stories === 0
      const isAtRest = await rest(world, storage, fleet, { isOver, isThorough })
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
    }
  }
}

const countsOf = (storage: Storage, network: Network, fleet: Fleet, clients: Clients): Map<string, number> =>
  new Map([
    ...[...clients.operations].map(([name, count]) => [`asked: ${name}`, count] as const),
    ...[...network.fired].map(([name, count]) => [`fault: ${name}`, count] as const),
    ...[...storage.fired].map(([name, count]) => [`fault: ${name}`, count] as const),
    ["processes killed", fleet.kills],
    ["processes stopped", fleet.stops]
  ])
