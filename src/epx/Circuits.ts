import { Duration, Effect, Metric } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { steadily } from "../running/SteadyClock.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { epxBreakerState } from "../telemetry/Metrics.ts"
import { makeTripRule } from "./TripRule.ts"

const states = { Closed: 0, Open: 1, HalfOpen: 2 } as const

/** The circuits of one store, opened by our rule, timed by a clock that nobody sets, and seen from outside. */
export const makeCircuits = Effect.fnUntraced(function* (keys: ReadonlyArray<string>) {
  const store = yield* CircuitBreaker.CircuitBreakerStore
  const tripRule = makeTripRule()
  const current = new Map<string, number>()
  yield* Effect.forEach(keys, (environment) =>
    gauge(Metric.withAttributes(epxBreakerState, { environment }), () => current.get(environment) ?? states.Closed)
  )

  const note = (transition: CircuitBreaker.Transition | undefined) =>
    Effect.suspend(() => {
      if (transition === undefined) return Effect.void
      current.set(transition.key, states[transition.to])
      const log = { Open: opened, Closed: closed, HalfOpen: () => Effect.void }[transition.to]
      return Effect.annotateLogs(log(transition), { environment: transition.key })
    })

  return CircuitBreaker.CircuitBreakerStore.of({
    admit: (key) => Effect.tap(steadily(store.admit(key)), ({ transition }) => note(transition)),
    record: (options) =>
      Effect.tap(steadily(Effect.suspend(() => store.record({ ...options, tripPolicy: tripRule(options) }))), note),
    state: (key) => steadily(store.state(key))
  })
})

const opened = (transition: CircuitBreaker.Transition) =>
  Effect.logWarning("EPX does not answer: charges are refused for a while").pipe(
    Effect.annotateLogs("retry_after_ms", "retryAfter" in transition ? Duration.toMillis(transition.retryAfter) : null)
  )

const closed = () => Effect.logInfo("EPX answers again: charges are let through")
