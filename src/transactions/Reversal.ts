import { Duration } from "effect"
import { reversalWindow } from "./Deadlines.ts"

/** One timeout reversal, as far as it is known. Times are milliseconds since the claim of its target. */
export interface ReversalAttempt {
  readonly at: number
  /** `not_found` is EPX's code 25: it does not know the pair. */
  readonly outcome: "approved" | "not_found" | "undecided"
}

export type ReversalStep =
  | { readonly _tag: "Resolve"; readonly status: "reversed" | "failed" }
  | { readonly _tag: "Send"; readonly at: number }
  | { readonly _tag: "GiveUp" }

/** Seconds after the first attempt. Each may also be the one that confirms a 25 of a minute before. */
const offsets = [0, 20, 60, 80, 100].map((seconds) => Duration.toMillis(Duration.seconds(seconds)))

/** A single 25 may only mean that the original is still on its way inside EPX. */
const confirmation = Duration.toMillis("60 seconds")

/**
 * Here a reversal is decided: what follows for a sale or authorization of unknown outcome from the timeout reversals
 * made so far (EPX, timeout reversal: CCE7 with the pair of the original, for two minutes).
 */
export const nextStep = (attempts: ReadonlyArray<ReversalAttempt>, now: number): ReversalStep => {
  if (attempts.some(({ outcome }) => outcome === "approved")) return { _tag: "Resolve", status: "reversed" }
  const denials = attempts.filter(({ outcome }) => outcome === "not_found").map(({ at }) => at)
  if (Math.max(...denials) - Math.min(...denials) >= confirmation) return { _tag: "Resolve", status: "failed" }

  const first = attempts.length === 0 ? now : Math.min(...attempts.map(({ at }) => at))
  const offset = offsets[attempts.length]
  const at = offset === undefined ? Number.POSITIVE_INFINITY : Math.max(now, first + offset)
  return at < Duration.toMillis(reversalWindow) ? { _tag: "Send", at } : { _tag: "GiveUp" }
}
