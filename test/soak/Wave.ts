import { Clock, Effect, FiberSet } from "effect"
import type { Counts } from "../chaos/Counts.ts"
import type { Dice } from "../chaos/Dice.ts"
import type { Gateway } from "../chaos/Gateway.ts"
import { chosen } from "./Clients.ts"
import { openConnections, type Shop } from "./Shop.ts"

export interface Stage {
  readonly shop: Shop
  readonly gateway: Gateway
  readonly operations: Counts
}

/** Operations begin at fixed times, whatever becomes of those before them; it ends when all of them have. */
export const wave = Effect.fnUntraced(function* (stage: Stage, dice: Dice, rate: number, duration_ms: number) {
  const pool = yield* openConnections(stage.shop)
  const fibers = yield* FiberSet.make<unknown, never>()
  const begun = yield* Clock.currentTimeMillis
  for (let n = 0; n < (duration_ms / 1_000) * rate; n++) {
    yield* Effect.sleep(Math.max(0, begun + (n * 1_000) / rate - (yield* Clock.currentTimeMillis)))
    const operation = chosen(dice)
    if (operation === undefined) continue
    stage.operations.add(operation.name)
    yield* FiberSet.run(fibers, operation.run({ ...stage, pool, dice: dice.fork() }))
  }
  yield* FiberSet.awaitEmpty(fibers)
}, Effect.scoped)
