import { CircuitBreaker } from "effect/persistence"

export const shareOfFailures = CircuitBreaker.rate({ threshold: 0.5, size: 20, minimumCalls: 10 })

const failuresInARow = 5

// Met by any failure.
const atOnce = CircuitBreaker.rate({ threshold: 0, size: 20, minimumCalls: 1 })

interface Outcome {
  readonly key: string
  /** Grows with each change of the circuit's state. */
  readonly generation: number
  readonly outcome: "Success" | "Failure" | "Ignored"
}

/**
 * The library takes one policy, and we want two: a share of the last calls, or a few failures in a row, which is all
 * there is when calls are few. So failures in a row are counted here, and at the last of them the share drops to zero.
 */
export const makeTripRule = () => {
  const rows = new Map<string, { readonly generation: number; readonly failures: number }>()
  return ({ generation, key, outcome }: Outcome): CircuitBreaker.TripPolicy => {
    const row = rows.get(key) ?? { generation, failures: 0 }
    // Of a call that began before the last change: the store counts it no more either.
    if (generation < row.generation) return shareOfFailures
    const failures = outcome === "Ignored" ? row.failures : outcome === "Failure" ? row.failures + 1 : 0
    rows.set(key, { generation, failures })
    return failures >= failuresInARow ? atOnce : shareOfFailures
  }
}
