import { Context, Effect } from "effect"

/** The kinds of calls to EPX that the service makes, by what makes them. */
export const callTypes = [
  "sale",
  "authorization",
  "capture",
  "void",
  "refund",
  /** A refund that waited for a settlement. */
  "scheduled_refund",
  /** A void that nobody asked for, or the next one of a payment that is undone call by call. */
  "undo",
  "timeout_reversal",
  "probe"
] as const
export type CallType = (typeof callTypes)[number]

/**
 * The moments of a call, in order: a process that ends at one of them leaves something else behind than at the next.
 */
export const boundaries = [
  "before_claim",
  "claimed",
  /** The first byte has left. */
  "sent",
  /** What EPX said is known to this process only. */
  "answered",
  "settled"
] as const
export type Boundary = (typeof boundaries)[number]

/** One call at one of its boundaries. */
export interface Passage {
  readonly boundary: Boundary
  readonly type: CallType
  /** The idempotency key of what was asked for; for what nobody asked for, the id of its payment. */
  readonly about: string
}

/** Runs at each boundary of each call. It does nothing, except where a test crashes the service there. */
export const AtBoundary = Context.Reference<(passage: Passage) => Effect.Effect<void>>(
  "payment-service/transactions/AtBoundary",
  { defaultValue: () => () => Effect.void }
)
