import { Clock, Effect } from "effect"

const asMillis = (nanos: bigint): number => Number(nanos) / 1_000_000

/** The clock of the context, read by the time that nobody can set back. It agrees with no calendar. */
const steady = (clock: Clock.Clock): Clock.Clock => ({
  currentTimeMillisUnsafe: () => asMillis(clock.monotonicTimeNanosUnsafe()),
  currentTimeMillis: Effect.map(clock.monotonicTimeNanos, asMillis),
  currentTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  currentTimeNanos: clock.monotonicTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})

/** For what compares two moments and would wait for hours when the wall clock is set back by them. */
export const steadily = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Clock.clockWith((clock) => Effect.provideService(self, Clock.Clock, steady(clock)))
