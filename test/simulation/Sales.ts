import { Effect } from "effect"
import type { Fate } from "./Faults.ts"
import type { ScenarioOptions } from "./Scenario.ts"
import type { Seed } from "./Seed.ts"
import { openShop } from "./Shop.ts"
import { type Outcome, play } from "./Stage.ts"
import { sale } from "./Story.ts"

const share = 0.05
/** Of the sales in doubt: those of which every reversal is lost as well. */
const shareOfDoomed = 0.05

const lostAnswer: Fate = { name: "ANSWER_LOST", effect: "TIMEOUT_AFTER" }
const lostRequest: Fate = { name: "REQUEST_LOST", isLost: true }
const fine: Fate = { name: "fine" }

/** Sales of which one in twenty is lost on its way, and one in twenty of the answers; of the reversals as well. */
export const simulateSales = (name: string, { payments, ...options }: ScenarioOptions): Promise<Outcome> =>
  play(name, options, async (stage) => {
    const { clients, fleet, network, storage, world } = stage
    const shop = await openShop(storage, 1, { hasLookUps: false, partialApprovals: false, rejectOnAvs: false })
    const doomed = new Set<string>()
    network.choose = fates(world.seed.fork("fates"), doomed)
    fleet.start()
    for (let number = 0; number < payments; number++) {
      stage.tell(
        Effect.suspend(() => sale(clients, shop, number)),
        world.seed.between(0, 60_000)
      )
    }
    return stage.conclude(payments, false)
  })

const fates =
  (seed: Seed, doomed: Set<string>) =>
  (fields: ReadonlyMap<string, string>): Fate => {
    const pair = `${fields.get("BATCH_ID")}/${fields.get("TRAN_NBR")}`
    const roll = seed.next()
    if (fields.get("TRAN_TYPE") === "CCE7" && doomed.has(pair)) return roll < 0.5 ? lostAnswer : lostRequest
    if (roll >= 2 * share) return fine
    if (fields.get("TRAN_TYPE") === "CCE1" && seed.chance(shareOfDoomed)) doomed.add(pair)
    return roll < share ? lostAnswer : lostRequest
  }
