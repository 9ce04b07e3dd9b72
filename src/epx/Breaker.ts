import { Duration, Effect, Exit } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { Environment } from "../domain/Terminal.ts"
import { makeCircuits } from "./Circuits.ts"
import { notSent } from "./Exchange.ts"
import type { EpxResult } from "./Result.ts"
import { shareOfFailures } from "./TripRule.ts"

/** Spares callers the wait for a gateway that does not answer, and that gateway their calls. */
interface Breaker {
  /** Makes the call once, or not at all; one that has begun goes on when the circuit opens, and its result is kept. */
  guard(environment: Environment, call: Effect.Effect<EpxResult>): Effect.Effect<EpxResult>
  /** Whether a call made now would be refused. Asking lets no call through. */
  isOpen(environment: Environment): Effect.Effect<boolean>
}

export const makeBreaker = Effect.gen(function* () {
  const circuits = yield* makeCircuits(Environment.literals)
  const { execute, state } = yield* CircuitBreaker.make({
    tripPolicy: shareOfFailures,
    openDuration: "30 seconds"
  }).pipe(Effect.provideService(CircuitBreaker.CircuitBreakerStore, circuits))

  const breaker: Breaker = {
    guard: (environment, call) =>
      // The library judges a result where it can be interrupted, and would lose it then; so only the call may be.
      Effect.uninterruptibleMask((restore) =>
        execute(restore(call), {
          key: environment,
          classify: Exit.match({ onFailure: () => ignored, onSuccess: judge })
        })
      ).pipe(Effect.catch(({ reason }) => Effect.succeed(refusal(reason)))),
    isOpen: (environment) => Effect.match(state(environment), { onFailure: () => false, onSuccess: isRefusing })
  }
  return breaker
})

export const noBreaker: Breaker = { guard: (_, call) => call, isOpen: () => Effect.succeed(false) }

/** Two endpoints are never forgotten; a store that forgets an open circuit would close it without a word. */
export const breakerStore = CircuitBreaker.layerStoreMemory({ idleTimeToLive: Duration.infinity })

const { failure, ignored, success } = CircuitBreaker

/** An answer that can be read shows that EPX is there, whatever it says; what we held back ourselves shows nothing. */
const judge = (result: EpxResult): CircuitBreaker.Outcome => {
  switch (result._tag) {
    case "Replied":
      return success
    case "NotSent":
      return result.reason === "connect" ? failure() : ignored
    case "InDoubt":
      return result.reason === "no_answer" || result.reason === "unreadable" ? failure() : success
  }
}

const refusal = (reason: CircuitBreaker.CircuitBreakerErrorReason): EpxResult =>
  notSent(
    "breaker_open",
    reason._tag === "CircuitOpen"
      ? `EPX did not answer; calls are let through again in ${Math.ceil(Duration.toMillis(reason.retryAfter))} ms`
      : "EPX did not answer; another call finds out whether it does now"
  )

const isRefusing = (state: CircuitBreaker.State): boolean =>
  state._tag === "HalfOpen"
    ? state.probing
    : state._tag === "Open" && Duration.isGreaterThan(state.retryAfter, Duration.zero)
