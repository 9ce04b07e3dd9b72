import { Effect } from "effect"
import type { Counts } from "./Counts.ts"
import type { Dice } from "./Dice.ts"
import type { Gateway } from "./Gateway.ts"
import type { Service } from "./Service.ts"

/** What may be broken. */
export interface Targets {
  readonly services: readonly [Service, Service]
  readonly gateway: Gateway
  readonly postgres: { readonly restart: Effect.Effect<void, unknown> }
}

const seconds = (dice: Dice, least: number, most: number) => dice.between(least * 1_000, most * 1_000)

/** The gateway fails like this for some time. */
const failing =
  (effect: string, match: object = {}) =>
  ({ gateway }: Targets, dice: Dice) =>
    Effect.gen(function* () {
      const end = yield* gateway.fail({ effect, match, times: "always" })
      yield* Effect.sleep(seconds(dice, 2, 6))
      yield* end
    })

/** A process stands still for some time, and goes on as if nothing had happened. */
const paused = (signal: Gateway["signal"], ms: number) =>
  Effect.andThen(signal("SIGSTOP"), Effect.sleep(ms)).pipe(Effect.ensuring(signal("SIGCONT")))

const events = {
  "service killed": ({ services }: Targets, dice: Dice) => dice.pick(services).replace(dice.between(0, 3_000)),
  "service paused": ({ services }: Targets, dice: Dice) => paused(dice.pick(services).signal, seconds(dice, 1, 12)),
  "postgres restarted": ({ postgres }: Targets) => postgres.restart,
  "gateway paused": ({ gateway }: Targets, dice: Dice) => paused(gateway.signal, seconds(dice, 1, 6)),
  "gateway silent before": failing("TIMEOUT_BEFORE"),
  "gateway silent after": failing("TIMEOUT_AFTER"),
  "gateway resetting before": failing("RESET_BEFORE"),
  "gateway resetting after": failing("RESET_AFTER"),
  "gateway truncating": failing("TRUNCATED"),
  "reversals lost": failing("RESET_AFTER", { TRAN_TYPE: "CCE7" }),
  "gateway refusing": ({ gateway }: Targets, dice: Dice) =>
    Effect.asVoid(gateway.fail({ effect: `CONN_REFUSED_${seconds(dice, 1, 6)}` }))
}

const names = Object.keys(events).filter((name): name is keyof typeof events => Object.hasOwn(events, name))

/** Every few seconds something breaks; what is broken comes back by itself. Each kind has one turn before any has two. */
export const breakThings = (targets: Targets, dice: Dice, counts: Counts, say: (line: string) => void) =>
  Effect.gen(function* () {
    let waiting: Array<keyof typeof events> = []
    while (true) {
      if (waiting.length === 0)
        waiting = names
          .map((name) => ({ name, at: dice.next() }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ name }) => name)
      const name = waiting.pop() ?? "service killed"
      counts.add(name)
      say(name)
      const event = events[name](targets, dice.fork())
      yield* Effect.forkScoped(Effect.catchCause(event, (cause) => Effect.sync(() => say(`${name}: ${cause}`))))
      yield* Effect.sleep(seconds(dice, 2, 6))
    }
  })
