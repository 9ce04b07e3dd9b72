import type { Redacted } from "effect"
import type { Environment, FourPartKey, Pair } from "../domain/Terminal.ts"

/** Which call to look for, and with whose EPI-Key. */
export interface LookUpQuery {
  readonly environment: Environment
  readonly key: FourPartKey
  readonly secret: Redacted.Redacted
  readonly pair: Pair
}

/** A transaction as EPX has it on its books. */
export interface LookUpRow {
  /** EPX may have rewritten it: a partial refund is CCEA there. */
  readonly tranType: string
  /** Minor units. */
  readonly amount: number
  readonly bric: Redacted.Redacted
  /** AUTH_RESP; null when EPX names none. */
  readonly response: string | null
  readonly isVoid: boolean
}

/** EPX said nothing that can be relied on, so nothing follows from it. */
export interface Unanswered {
  readonly _tag: "Unanswered"
  /**
   * `refused`: the key is wrong or lacks the right. `contradictory`: EPX names the pair twice, counts other rows than
   * it sends, or tells of another call.
   */
  readonly reason: "unconfigured" | "unreachable" | "no_answer" | "refused" | "unreadable" | "contradictory"
  readonly detail: string
}

/**
 * `Absent`: not on the whole list of the terminal. EPX does not say whether that has declined calls, how far back it
 * reaches, and how long after a call.
 */
export type LookUp = { readonly _tag: "Found"; readonly row: LookUpRow } | { readonly _tag: "Absent" } | Unanswered

export const unanswered = (reason: Unanswered["reason"], detail: string): Unanswered => ({
  _tag: "Unanswered",
  reason,
  detail
})
