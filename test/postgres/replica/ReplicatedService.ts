import { Effect, Layer } from "effect"
import { TestService } from "../../support/TestService.ts"
import { until } from "../Pools.ts"
import { lag } from "./Measured.ts"
import { Pair } from "./Pair.ts"

/** The service on a primary of its own, with a standby for its lists. */
export const ReplicatedService = Layer.unwrap(
  Effect.map(Pair, ({ primary, standby }) => TestService.layerWith(() => ({ connection: primary, replica: standby })))
).pipe(Layer.provideMerge(Pair.layer))

/** The standby has all that there is, and the service knows it. */
export const settled = Effect.flatMap(Pair, ({ caughtUp }) =>
  Effect.andThen(
    caughtUp,
    until(lag, (seconds) => seconds === 0)
  )
)
