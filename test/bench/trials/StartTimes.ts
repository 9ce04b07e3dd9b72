import { Effect } from "effect"
import { freePorts } from "../../support/Ports.ts"
import { type ContenderOptions, startContender } from "../Contenders.ts"
import { makeMerchant } from "../Merchant.ts"
import { productionLike } from "../Service.ts"
import { type Environment, launchService } from "../ServiceProcess.ts"
import type { Venue } from "../Venue.ts"
import { localDirectory, removeServer } from "../Workspace.ts"

/** Milliseconds from the start of the process until it is ready, one entry a round. */
export interface StartTimes {
  /** As in production, on a database that is up to date. */
  readonly alone: ReadonlyArray<number>
  /** As `npm start`: with the embedded Postgres on a data directory that has been used, and the simulator. */
  readonly warm: ReadonlyArray<number>
  readonly baseline: ReadonlyArray<number>
}

/** Nothing else should run meanwhile. */
export const measureStart = Effect.fnUntraced(function* (venue: Venue, rounds: number) {
  const { createDatabase, directory, say } = venue
  const [gatewayPort = 0] = yield* freePorts(1)
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
  const options = { gatewayUrl, directory }
  const env = productionLike({ ...options, database: yield* createDatabase("start_service") })
  yield* makeMerchant(env)
  const local = yield* developmentEnvironment(directory)
  say("start to ready: making the data directory")
  yield* start("start-local", local, directory)

  const alone: Array<number> = []
  const warm: Array<number> = []
  const baseline: Array<number> = []
  for (let round = 1; round <= rounds; round++) {
    baseline.push(yield* startPlain({ ...options, database: yield* createDatabase(`start_baseline_${round}`) }))
    alone.push(yield* start("start-alone", env, directory))
    warm.push(yield* start("start-local", local, directory))
    const times = [baseline, alone, warm].map((all) => `${all.at(-1)?.toFixed(0)} ms`)
    say(`start to ready, round ${round}: baseline ${times[0]}, service alone ${times[1]}, as npm start ${times[2]}`)
  }
  const found: StartTimes = { alone, warm, baseline }
  return found
}, Effect.scoped)

/** It ends when it is ready. */
const start = (name: string, env: Environment, directory: string) =>
  Effect.scoped(Effect.map(launchService({ name, env, directory, poll: "10 millis" }), ({ readyAfter }) => readyAfter))

const startPlain = Effect.fnUntraced(function* (options: ContenderOptions) {
  const startedAt = performance.now()
  yield* startContender("baseline", options)
  return performance.now() - startedAt
}, Effect.scoped)

const developmentEnvironment = Effect.fnUntraced(function* (directory: string) {
  const local = localDirectory(directory)
  yield* Effect.addFinalizer(() => Effect.orDie(removeServer(local)))
  const [simulatorPort, controlPort] = yield* freePorts(2)
  const env: Environment = {
    LOCAL_DIRECTORY: local,
    SIMULATOR_PORT: String(simulatorPort),
    SIMULATOR_CONTROL_PORT: String(controlPort)
  }
  return env
})
