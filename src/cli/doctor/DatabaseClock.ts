import { Clock, Effect, Schema } from "effect"
import { type Finding, failed, ok, warning } from "./Finding.ts"
import type { Session } from "./Session.ts"

/** How far the database's clock is ahead of this machine's, and how long it took to hear of it. */
interface Sample {
  readonly ahead_ms: number
  readonly roundTrip_ms: number
}

const sample = ({ ask }: Session) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const [asked, start] = [clock.currentTimeMillisUnsafe(), clock.monotonicTimeNanosUnsafe()]
    const [row] = yield* ask(Time, "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now_ms")
    const roundTrip_ms = Number(clock.monotonicTimeNanosUnsafe() - start) / 1e6
    const made: Sample = { ahead_ms: (row?.now_ms ?? Number.NaN) - (asked + roundTrip_ms / 2), roundTrip_ms }
    return made
  })

const Time = Schema.Struct({ now_ms: Schema.Finite })

/** The quickest of a few, which knows it best. */
export const compareClocks = (session: Session) =>
  Effect.map(Effect.replicateEffect(sample(session), 3), (samples) =>
    samples.reduce((best, next) => (next.roundTrip_ms < best.roundTrip_ms ? next : best))
  )

/** Ids of two processes are then out of order, and keys end early or late. */
const noticed_ms = 1_000
/** More than a lease lasts, and a clock that nobody keeps. */
const wrong_ms = 60_000

export const judgeClock = ({ ahead_ms, roundTrip_ms }: Sample): Finding => {
  const check = "clock"
  const apart = Math.max(0, Math.abs(ahead_ms) - roundTrip_ms / 2)
  const within = `give or take ${Math.ceil(roundTrip_ms / 2)} ms`
  const side = ahead_ms > 0 ? "behind" : "ahead of"
  const found = `This machine's is ${Math.round(Math.abs(ahead_ms))} ms ${side} the database's, ${within}.`
  if (apart <= noticed_ms) return ok(check, found)
  const judged = apart > wrong_ms ? failed : warning
  return judged(check, found, "Let both machines keep time with NTP: ids are put in order and keys end by it.")
}
