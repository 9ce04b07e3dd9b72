import type { Card } from "../Cards.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Profile } from "../Profile.ts"
import { fundsCode, half } from "./Decision.ts"

/** What EPX decided about a request that moves no new money of a card. */
export interface Verdict {
  /** AUTH_RESP. */
  readonly code: string
  /** NETWORK_RESPONSE. */
  readonly network: string
  readonly text?: string | undefined
  /** Cents the client is told. */
  readonly told: number
  /** Cents that really move. */
  readonly cents: number
  /** Whether it is really done, which a forced code may hide. */
  readonly isDone: boolean
  readonly hasAuthCode: boolean
}

const approved = (cents: number, code = "00"): Verdict => ({
  code,
  network: code,
  told: cents,
  cents,
  isDone: true,
  hasAuthCode: false
})

const refused = (code: string, network = code): Verdict => ({
  code,
  network,
  told: 0,
  cents: 0,
  isDone: false,
  hasAuthCode: false
})

/** The request as far as the decision needs it. */
interface Question {
  /** AUTH_RESP of why it is not possible, if it is not. */
  readonly refusal: string | undefined
  readonly card: Card | undefined
  /** Cents that are to move. */
  readonly cents: number
  /** The codes that mean yes for this type. */
  readonly approvals: ReadonlyArray<string>
  readonly profile: Profile
}

/** Scenario before state rule before approval. */
export const judge = (question: Question, forced: Forced | undefined): Verdict => {
  const { refusal, card, cents, approvals, profile } = question
  const own = refusal === undefined ? approved(cents) : refused(refusal)
  switch (forced?.kind) {
    case "code": {
      const { code, network, text } = forced
      const isApproval = approvals.includes(code)
      const told = isApproval ? cents : 0
      return { code, network, text, told, cents, isDone: isApproval || forced.charged, hasAuthCode: false }
    }
    case "partial":
      if (!own.isDone || cents === 0) return own
      return profile.partial_approvals ? approved(half(cents), "10") : refused("05")
    case "folded":
      return refused("05", own.isDone ? fundsCode(card?.brand) : own.network)
    case "code_on_decline":
      return { ...(own.isDone ? refused("05") : own), hasAuthCode: true }
    default:
      return own
  }
}
