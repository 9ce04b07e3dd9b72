import { NodeCrypto, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Clock, Effect, Layer, Option } from "effect"
import { databaseOf, epxOf, keysOf } from "../../src/Backing.ts"
import { Health } from "../../src/http/Health.ts"
import { serviceLayer } from "../../src/main.ts"
import { loadSettings } from "../../src/Settings.ts"
import { loggingLayer } from "../../src/telemetry/Logging.ts"
import { AtBoundary, type Passage } from "../../src/transactions/Boundary.ts"
import type { Command, Report } from "./Messages.ts"
import { ShiftedClock } from "./ShiftedClock.ts"

// The service as it is, but that its clock can be put forward and that its calls stop where they are told to. It is
// steered by the process that started it, and ends with it.

const clock = new ShiftedClock()
const waiting = new Map<number, () => void>()
let watched: ReadonlySet<string> = new Set()
let passages = 0

const tell = (report: Report) => process.send?.(report)

const ask = (passage: Passage) =>
  Effect.suspend(() =>
    watched.has(passage.type)
      ? Effect.callback<void>((resume) => {
          const id = ++passages
          waiting.set(id, () => resume(Effect.void))
          tell({ kind: "at", id, ...passage })
          return Effect.sync(() => waiting.delete(id))
        })
      : Effect.void
  )

const obey = (command: Command) => {
  switch (command.kind) {
    case "watch":
      watched = new Set(command.types)
      return
    case "go": {
      const go = waiting.get(command.id)
      waiting.delete(command.id)
      go?.()
      return
    }
    case "freeze":
      clock.freeze()
      return tell({ kind: "done", id: command.id })
    case "shift":
      clock.shift(command.by_ms)
      return tell({ kind: "done", id: command.id })
  }
}

const program = Effect.gen(function* () {
  const settings = yield* loadSettings
  const keys = yield* keysOf(settings)
  const { connection } = yield* databaseOf(settings)
  const { lookUps, wire } = yield* epxOf(settings)
  const services = yield* Layer.build(
    serviceLayer({
      ...keys,
      connection,
      host: settings.HOST,
      port: settings.PORT,
      opsHost: settings.OPS_HOST,
      opsPort: settings.OPS_PORT,
      maxConnections: settings.MAX_CONNECTIONS,
      pipelinedConnections: settings.DATABASE_PIPELINED_CONNECTIONS,
      plainConnections: settings.DATABASE_PLAIN_CONNECTIONS,
      // So many faults would open it, and then nothing would be sent.
      epx: { ...wire, hasBreaker: false },
      settlementDelay: settings.SETTLEMENT_DELAY,
      lookUps,
      merchantLimits: {
        reads: settings.RATE_LIMIT_READS,
        writes: settings.RATE_LIMIT_WRITES,
        writesAtOnce: settings.CONCURRENCY_LIMIT
      },
      declineLimits: {
        customer: settings.DECLINE_LIMIT_CUSTOMER,
        address: settings.DECLINE_LIMIT_ADDRESS,
        key: settings.DECLINE_LIMIT_KEY
      },
      operatorEnvironment: Option.isSome(settings.EPX_LIVE_URL) ? "live" : "test"
    })
  )
  yield* Effect.provideContext(
    Effect.flatMap(Health, ({ setReady }) => setReady(true)),
    services
  )
  tell({ kind: "ready" })
  return yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.provide(loggingLayer({ format: "pretty", level: "Warn" })),
  Effect.provide([NodeServices.layer, NodeCrypto.layerSecureRandom]),
  Effect.provideService(AtBoundary, ask),
  Effect.provideService(Clock.Clock, clock)
)

process.on("message", obey)
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))
NodeRuntime.runMain(program)
