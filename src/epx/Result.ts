import type { Redacted } from "effect"
import type { Card } from "../domain/Card.ts"
import type { Decline } from "../domain/Decline.ts"
import type { AvsMatch } from "./AvsCodes.ts"
import type { CvvMatch } from "./CvvCodes.ts"

/** What EPX said, as far as it could be read. */
export interface Answer {
  readonly responseCode: string
  readonly networkResponse: string | null
  readonly authorizationCode: string | null
  /** Display text, unstable: for operators, never for decisions. Long numbers in it are masked. */
  readonly text: string | null
  /** The raw AVS code, whose meaning depends on the brand, and what it means. */
  readonly avs: string | null
  readonly avsMatch: AvsMatch | null
  readonly cvv: string | null
  readonly cvvMatch: CvvMatch | null
  readonly card: Card
  /** Minor units; null when EPX named no amount. */
  readonly amountApproved: number | null
  readonly bric: Redacted.Redacted | null
  readonly networkTransactionId: string | null
}

/**
 * An explicit decision of EPX. `rejected` is EPX's own refusal of the request, `declined` the issuer's. A partial
 * approval is `approved` with an `amountApproved` below the amount asked for.
 */
type Replied =
  | { readonly _tag: "Replied"; readonly outcome: "approved"; readonly answer: Answer }
  | {
      readonly _tag: "Replied"
      readonly outcome: "declined" | "rejected"
      readonly answer: Answer
      readonly decline: Decline
    }

/** Provably no byte of the request left this machine: nothing happened at EPX, and the call may be made again. */
export interface NotSent {
  readonly _tag: "NotSent"
  /**
   * `interrupted`: the client was shut down while the call waited for a connection. `overload`: too many calls were
   * under way and waiting. `breaker_open`: EPX did not answer lately.
   */
  readonly reason: "breaker_open" | "connect" | "fence" | "interrupted" | "overload" | "unconfigured"
  readonly detail: string
}

/** A byte may have left and no matching, readable decision came back. Money may have moved: never resend. */
export interface InDoubt {
  readonly _tag: "InDoubt"
  readonly reason:
    | "no_answer"
    | "unreadable"
    | "mismatch"
    | "unlisted_code"
    | "undecided_code"
    | "amount_differs"
    /** EPX refused the pair as used before, by an earlier copy of this call or by another one. */
    | "duplicate"
  readonly detail: string
  /** What could be read of the answer, kept as evidence. */
  readonly answer: Answer | null
}

export type EpxResult = Replied | NotSent | InDoubt
