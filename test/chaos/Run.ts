import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { PaymentIds } from "../../src/domain/Ids.ts"
import { workplace } from "../local/Workplace.ts"
import { runToEnd } from "../process/Program.ts"
import { readDemo } from "../process/Shop.ts"
import { Counts } from "./Counts.ts"
import { Dice } from "./Dice.ts"
import { breakThings } from "./Events.ts"
import { startGateway } from "./Gateway.ts"
import { keepAsking, type Shop } from "./Load.ts"
import type { Options } from "./Options.ts"
import { outcomeOf } from "./Outcome.ts"
import { startPostgres } from "./Postgres.ts"
import { startService } from "./Service.ts"

/** One whole run in processes of its own, which end with it. True: everything held. */
export const run = (options: Options, print: (line: string) => void, say: (line: string) => void) =>
  Effect.gen(function* () {
    const begun = Date.now()
    const tell = (line: string) => say(`${((Date.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${line}`)
    tell(`seed ${options.seed}`)
    const directory = yield* workplace()
    const postgres = yield* startPostgres(directory)
    const gateway = yield* startGateway
    const env = {
      LOCAL_DIRECTORY: directory,
      DATABASE_URL: postgres.url,
      EPX_TEST_URL: gateway.url,
      LOG_LEVEL: "Error",
      DATABASE_PIPELINED_CONNECTIONS: "6",
      DATABASE_PLAIN_CONNECTIONS: "6"
    }
    // One after the other: the first makes the keys that both use.
    const services = [yield* startService(env), yield* startService(env)] as const
    const shop: Shop = {
      urls: [services[0].url, services[1].url],
      apiKey: readDemo(directory).api_key,
      answers: new Counts(),
      operations: new Counts(),
      told: new Set()
    }
    const events = new Counts()
    const dice = new Dice(options.seed)
    const breaking = yield* Scope.make()
    const clients = yield* Scope.make()
    tell("load and events begin")
    yield* Effect.all(
      [
        keepAsking(shop, options.rate, dice.fork()).pipe(Effect.provideService(Scope.Scope, clients)),
        breakThings({ services, gateway, postgres }, dice.fork(), events, tell).pipe(
          Effect.provideService(Scope.Scope, breaking)
        )
      ],
      { concurrency: "unbounded" }
    ).pipe(Effect.timeoutOption(options.minutes * 60_000))
    tell("healing")
    // The last events come to their own end first: a paused process goes on, and a killed one is started again.
    yield* Effect.sleep("15 seconds")
    yield* gateway.heal
    yield* Effect.sleep("10 seconds")
    yield* Scope.close(clients, Exit.void)
    yield* Scope.close(breaking, Exit.void)
    const books = outcomeOf(postgres.url)
    const isQuiet = (yield* books.quiet("180 seconds")) || (yield* later(books, tell))
    tell(isQuiet ? "nothing is on its way any more" : `still on its way: ${JSON.stringify(yield* books.open)}`)

    const { code, stderr, stdout } = yield* runToEnd(["verify", "--simulator", gateway.controlUrl], env)
    const existing = new Set(yield* books.existing)
    const lost = [...shop.told].filter((id) => !existing.has(uuidOf(id)))
    const charges = yield* gateway.charges
    const list = (kinds: ReadonlyArray<{ readonly kind: string; readonly count: number }>) =>
      kinds.map(({ count, kind }) => `${kind} ${count}`).join(", ") || "none"
    print(`seed ${options.seed}, ${options.minutes} minutes of load, ${options.rate} operations a second`)
    print(`Operations: ${shop.operations}`)
    print(`Answers: ${shop.answers}`)
    print(`Events: ${events}`)
    print(`Charges the gateway approved: ${charges.approved}, of which ${charges.standing} stand`)
    print(`Payments: ${list(yield* books.payments)}`)
    print(`Unknown outcomes resolved: ${list(yield* books.resolved)}`)
    print(`Left to people: ${list(yield* books.exceptions)}`)
    for (const { kind } of yield* books.tried) say(kind)
    print(`Payments told of and not on the books: ${lost.length}`)
    print(`${stdout}${stderr}`)
    const holds = code === 0 && isQuiet && lost.length === 0
    const log = join(options.logDirectory, `${options.seed}.log`)
    mkdirSync(options.logDirectory, { recursive: true })
    writeFileSync(log, services.map((service) => service.log()).join("\n"))
    say(`The services' logs are in ${log}`)
    return holds
  }).pipe(Effect.scoped)

const later = (books: ReturnType<typeof outcomeOf>, tell: (line: string) => void) =>
  Effect.gen(function* () {
    tell("letting half an hour pass for follow-ups that wait for their next probe")
    for (const _ of [1, 2, 3]) {
      yield* books.passTime
      if (yield* books.quiet("40 seconds")) return true
    }
    return false
  })

const uuidOf = (id: string) => PaymentIds.toUuid(PaymentIds.Id.make(id))
