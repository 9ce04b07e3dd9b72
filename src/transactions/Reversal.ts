import { Duration } from "effect"
import { reversalWindow } from "./Deadlines.ts"

/** One timeout reversal, as far as it is known. Times are milliseconds since the claim of its target. */
export interface ReversalAttempt {
  readonly at: number
  /** `not_found` is EPX's code 25: it does not know the pair. */
  readonly outcome: "approved" | "not_found" | "not_sent" | "undecided"
}

/** What is known of a sale or authorization whose outcome is not. */
export interface Doubt {
  readonly attempts: ReadonlyArray<ReversalAttempt>
  /** Milliseconds since its claim. */
  readonly age: number
  /** EPX answered it, but not so that it could be believed: then a denial by EPX contradicts itself. */
  readonly isAnswered: boolean
}

export type ReversalStep =
  | { readonly _tag: "Resolve"; readonly status: "reversed" | "failed" }
  | { readonly _tag: "Send"; readonly at: number }
  | { readonly _tag: "GiveUp" }

const interval = Duration.toMillis("20 seconds")

/** A gateway that could not be reached may be there a moment later. */
const intervalUnsent = Duration.toMillis("5 seconds")

/** A single 25 may only mean that the original is still on its way inside EPX. */
const confirmation = Duration.toMillis("60 seconds")

/**
 * Here a reversal is decided: what follows for a call of unknown outcome from the timeout reversals made so far (EPX,
 * timeout reversal: CCE7 with the pair of the original, for two minutes).
 */
export const nextStep = ({ age, attempts, isAnswered }: Doubt): ReversalStep => {
  if (attempts.some(({ outcome }) => outcome === "approved")) return { _tag: "Resolve", status: "reversed" }
  const denials = attempts.filter(({ outcome }) => outcome === "not_found").map(({ at }) => at)
  if (Math.max(...denials) - Math.min(...denials) >= confirmation) {
    return isAnswered ? { _tag: "GiveUp" } : { _tag: "Resolve", status: "failed" }
  }
  const last = attempts.toSorted((a, b) => a.at - b.at).at(-1)
  const due = last === undefined ? age : last.at + (last.outcome === "not_sent" ? intervalUnsent : interval)
  const at = Math.max(age, due)
  return at < Duration.toMillis(reversalWindow) ? { _tag: "Send", at } : { _tag: "GiveUp" }
}
