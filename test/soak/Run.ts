import { join } from "node:path"
import { Effect, Schedule } from "effect"
import { PaymentIds } from "../../src/domain/Ids.ts"
import { residentOf } from "../bench/Machine.ts"
import { Counts } from "../chaos/Counts.ts"
import { Dice } from "../chaos/Dice.ts"
import { startGateway } from "../chaos/Gateway.ts"
import { outcomeOf } from "../chaos/Outcome.ts"
import { startPostgres } from "../chaos/Postgres.ts"
import { workplace } from "../local/Workplace.ts"
import { runToEnd } from "../process/Program.ts"
import type { Options } from "./Options.ts"
import { gaugesOf, type Reading } from "./Reading.ts"
import { type Service, startService } from "./Service.ts"
import { unanswered } from "./Shop.ts"
import { head, row } from "./Table.ts"
import { growth } from "./Verdict.ts"
import { type Stage, wave } from "./Wave.ts"

/** Waves of load with a rest after each; those of the first third warm the service up. */
const waves = 6
const warmups = waves / 3

/** One whole run in processes of its own, which end with it. Returns what is wrong; nothing when all is well. */
export const run = Effect.fnUntraced(function* (options: Options, print: (line: string) => void) {
  const directory = yield* workplace()
  const postgres = yield* startPostgres(directory)
  const gateway = yield* startGateway
  const env = {
    LOCAL_DIRECTORY: join(directory, "local"),
    DATABASE_URL: postgres.url,
    EPX_TEST_URL: gateway.url,
    LOG_LEVEL: "Error"
  }
  const service = yield* startService(directory, env)
  const books = outcomeOf(postgres.url)
  const shop = { url: service.url, apiKey: service.apiKey, answers: new Counts(), told: new Set<string>() }
  const stage: Stage = { shop, gateway, operations: new Counts() }
  // The same operations in the same order each time.
  const dice = new Dice(1)

  print(head)
  const readings: Array<Reading> = []
  for (let n = 1; n <= waves; n++) {
    yield* wave(stage, dice, options.rate, (options.minutes * 60_000) / waves)
    yield* books.quiet("60 seconds")
    const reading = yield* readAtRest(service, { minute: (options.minutes * n) / waves, payments: shop.told.size })
    print(`${row(reading)}${n <= warmups ? " warm-up" : ""}`)
    readings.push(reading)
  }

  const isQuiet = yield* books.quiet("180 seconds")
  const { code, stderr, stdout } = yield* runToEnd(["verify", "--simulator", gateway.controlUrl], env)
  const existing = new Set(yield* books.existing)
  const missing = [...shop.told].filter((id) => !existing.has(PaymentIds.toUuid(PaymentIds.Id.make(id))))
  print(`\nOperations: ${stage.operations}`)
  print(`Answers: ${shop.answers}`)
  print(`Unknown outcomes resolved: ${(yield* books.resolved).map(({ count, kind }) => `${kind} ${count}`).join(", ")}`)
  print(`${stdout}${stderr}`)

  const [warm, ...later] = readings.slice(warmups - 1)
  return [
    ...(warm === undefined ? [] : growth(warm, later)),
    ...(shop.answers.of(unanswered) > 0 ? [`${shop.answers.of(unanswered)} requests were never answered`] : []),
    ...(missing.length > 0 ? [`${missing.length} payments that clients were told of are not on the books`] : []),
    ...(isQuiet ? [] : ["some payments are still without an outcome"]),
    ...(code === 0 ? [] : ["the books do not agree with the gateway's"])
  ]
}, Effect.scoped)

const readAtRest = Effect.fnUntraced(function* (service: Service, progress: Pick<Reading, "minute" | "payments">) {
  const gauges = yield* Effect.map(service.metrics, gaugesOf).pipe(
    // A sweep may be at work just now.
    Effect.repeat({ until: ({ inFlight }) => inFlight === 0, schedule: restPoll })
  )
  const { descriptors, heap, resources } = yield* service.probe
  const fibers = yield* service.fibers
  const reading: Reading = {
    ...progress,
    ...gauges,
    heap,
    resident: residentOf(service.pid),
    descriptors,
    handles: resources,
    fibers
  }
  return reading
})

const restPoll = Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
