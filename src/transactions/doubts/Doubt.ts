import { Duration } from "effect"
import type { TransactionStatus, TransactionType } from "../../domain/Transaction.ts"
import { fence, reversalWindow } from "../Deadlines.ts"
import { alreadyCaptured } from "../Outcome.ts"

/** One timeout reversal or probe, as far as it is known. Times are milliseconds since the claim of its target. */
export interface Attempt {
  readonly kind: "reversal" | "probe"
  readonly at: number
  /** `not_found` is EPX's code 25 to a reversal: it does not know the pair. */
  readonly outcome: "approved" | "not_found" | "already_captured" | "refused" | "not_sent" | "undecided"
}

/** What is known of a call whose outcome is not. */
export interface Doubt {
  readonly type: Exclude<TransactionType, "reversal">
  readonly attempts: ReadonlyArray<Attempt>
  /** Milliseconds since its claim. */
  readonly age: number
  /** EPX answered it, but not so that it could be believed: then a denial by EPX contradicts itself. */
  readonly isAnswered: boolean
  /** EPX's token for it is known, so what stands can be voided. */
  readonly hasBric: boolean
  /** The terminal allows several captures of one authorization, so a second one would take money again. */
  readonly isRepeatable: boolean
  /** The reversal by which a void began was refused by the issuer, and not lost. */
  readonly isRefused: boolean
  /** Nobody has asked for this void: it undoes what must not stand. */
  readonly isForced: boolean
  /** What the void acts on cannot have settled yet. */
  readonly isVoidable: boolean
  /** Times it has been looked for; null: the terminal has no credential for look-ups. */
  readonly lookups: number | null
}

export type Step =
  | { readonly _tag: "Resolve"; readonly status: TransactionStatus; readonly by: "reversal" | "probe" }
  | { readonly _tag: "Reverse" | "Probe" | "LookUp"; readonly at: number }
  | { readonly _tag: "GiveUp" }

const millis = (duration: Duration.Input) => Duration.toMillis(duration)

const interval = millis("20 seconds")

/** A gateway that could not be reached may be there a moment later. */
const intervalUnsent = millis("5 seconds")

/** A single 25 may only mean that the original is still on its way inside EPX. */
const confirmation = millis("60 seconds")

/** When the window closes before the next reversal is due, it comes earlier. */
const lastChance = millis("105 seconds")

/**
 * From this age on two denials suffice, however close, once EPX's window leaves no time for a whole minute between two,
 * because reversals were lost: it is a minute after the last moment at which the call can have been sent.
 */
const certainty = millis(fence) + confirmation

/** Between probes; after the last of them nothing more is tried. */
const probeIntervals = (["20 seconds", "40 seconds", "4 minutes", "25 minutes"] as const).map((age) => millis(age))

/** While EPX cannot be reached, probes are tried less and less often, for so long. */
const longestPause = millis("5 minutes")
const patience = millis("24 hours")

/** Ages at which EPX's listing is read: it may be behind. */
const lookupAges = (["30 seconds", "2 minutes", "10 minutes", "1 hour", "6 hours", "24 hours"] as const).map((age) =>
  millis(age)
)

/** Here is decided what follows for a call of unknown outcome, from what was tried so far. */
export const nextStep = (doubt: Doubt): Step => {
  switch (doubt.type) {
    case "sale":
    case "authorization":
      return chargeStep(doubt)
    case "capture":
      return captureStep(doubt)
    case "void":
      return voidStep(doubt)
    // Nothing about a refund can be tried without perhaps paying it twice.
    case "refund":
      return lookUp(doubt)
  }
}

/** Times a token is looked for before its capture is booked without it. */
const tokenLookups = 2

const lookUp = ({ age, lookups }: Doubt): Step => {
  const at = lookups === null ? undefined : lookupAges[lookups]
  return at === undefined ? { _tag: "GiveUp" } : { _tag: "LookUp", at: Math.max(age, at) }
}

const lastOf = (attempts: ReadonlyArray<Attempt>) => attempts.toSorted((a, b) => a.at - b.at).at(-1)

/** EPX, timeout reversal: CCE7 with the pair of the original, for two minutes. */
const chargeStep = (doubt: Doubt): Step => {
  const { attempts, hasBric, isAnswered } = doubt
  if (attempts.some(({ kind, outcome }) => kind === "reversal" && outcome === "approved")) {
    return { _tag: "Resolve", status: "reversed", by: "reversal" }
  }
  if (attempts.some(({ kind, outcome }) => kind === "probe" && outcome === "approved")) {
    return { _tag: "Resolve", status: "reversed", by: "probe" }
  }
  const denials = attempts.filter(({ outcome }) => outcome === "not_found").map(({ at }) => at)
  const first = Math.min(...denials)
  const latest = Math.max(...denials)
  const at = nextReversal(doubt, first + confirmation)
  const isConfirmed = latest - first >= confirmation
  if (!isConfirmed && at < millis(reversalWindow)) return { _tag: "Reverse", at }
  const isDenied = isConfirmed || (denials.length > 1 && latest >= certainty)
  if (isDenied && !isAnswered) return { _tag: "Resolve", status: "failed", by: "reversal" }
  // What EPX answered with a token can still be voided by it, once.
  if (hasBric) return probeOr(doubt, lookUp(doubt))
  return lookUp(doubt)
}

/** Not when the interval is over, if a denial can be confirmed before that or EPX's window closes first. */
const nextReversal = ({ age, attempts }: Doubt, confirmable: number): number => {
  const last = lastOf(attempts)
  if (last === undefined) return age
  const due = last.at + (last.outcome === "not_sent" ? intervalUnsent : interval)
  const next = confirmable > last.at ? Math.min(due, confirmable) : due
  const isTooLate = next >= millis(reversalWindow) && last.at < lastChance
  return Math.max(age, isTooLate ? lastChance : next)
}

/** EPX, CCE4: a second capture is refused with `EV` if the first was carried out, and otherwise takes its place. */
const captureStep = (doubt: Doubt): Step => {
  if (doubt.isRepeatable) return lookUp(doubt)
  const isDone = doubt.attempts.some(({ outcome }) => outcome === "approved" || outcome === "already_captured")
  const hasToken = doubt.attempts.some(({ outcome }) => outcome === "approved")
  // The token went with the lost answer; the listing may still have it.
  if (isDone && !hasToken && doubt.lookups !== null && doubt.lookups < tokenLookups) return lookUp(doubt)
  if (isDone) return { _tag: "Resolve", status: "approved", by: "probe" }
  return probeOr(doubt, lookUp(doubt))
}

/** A second void is refused if the first was carried out, unless the batch may have closed in between. */
const voidStep = (doubt: Doubt): Step => {
  const { attempts, isForced, isRefused, isVoidable } = doubt
  if (attempts.some(({ outcome }) => outcome === "approved"))
    return { _tag: "Resolve", status: "approved", by: "probe" }
  if (attempts.some(({ outcome }) => outcome === "refused")) {
    // A probe whose answer was lost may be the void for which the next one was refused, or may never have been sent.
    const isLost = attempts.some(({ outcome }) => outcome === "undecided")
    if (isRefused && isLost) return lookUp(doubt)
    if (isRefused) return isForced ? { _tag: "GiveUp" } : { _tag: "Resolve", status: "rejected", by: "probe" }
    if (isVoidable) return { _tag: "Resolve", status: "approved", by: "probe" }
    return lookUp(doubt)
  }
  return probeOr(doubt, lookUp(doubt))
}

/** One more probe while none was decided, or else this. */
const probeOr = ({ age, attempts }: Doubt, otherwise: Step): Step => {
  const probes = attempts.filter(({ kind }) => kind === "probe")
  if (probes.some(({ outcome }) => outcome === "refused")) return otherwise
  const last = lastOf(probes)
  if (last === undefined) return { _tag: "Probe", at: age }
  const unsent = probes.filter(({ outcome }) => outcome === "not_sent").length
  const isUnsent = last.outcome === "not_sent"
  const wait = isUnsent ? Math.min(unsent * intervalUnsent, longestPause) : probeIntervals[probes.length - unsent - 1]
  if (wait === undefined || last.at > (isUnsent ? patience : millis("1 hour"))) return otherwise
  return { _tag: "Probe", at: Math.max(age, last.at + wait) }
}

/** What a timeout reversal or a probe says by the end it came to. */
export const attemptOf = (
  kind: Attempt["kind"],
  at: number,
  status: TransactionStatus,
  responseCode: string | null
): Attempt => {
  switch (status) {
    case "approved":
      return { kind, at, outcome: "approved" }
    case "failed":
      return { kind, at, outcome: "not_sent" }
    // Only a reply that was known to be ours: a 25 that belonged to another request denies nothing.
    case "declined":
    case "rejected":
      if (kind === "reversal") return { kind, at, outcome: responseCode === notFound ? "not_found" : "undecided" }
      if (responseCode === alreadyCaptured) return { kind, at, outcome: "already_captured" }
      return { kind, at, outcome: responseCode !== null && noAction.has(responseCode) ? "refused" : "undecided" }
    default:
      return { kind, at, outcome: "undecided" }
  }
}

/**
 * EPX: "no action taken", as for what was voided before or is closed, and an authorization too old to capture. Any
 * other refusal is about the probe itself, and says nothing of what is in doubt.
 */
const noAction: ReadonlySet<string> = new Set(["21", "22", "ED"])

/** EPX, timeout reversal: the pair is not known. */
const notFound = "25"
