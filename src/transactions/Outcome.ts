import type { Decline } from "../domain/Decline.ts"
import type { Amount } from "../domain/Money.ts"
import type { TransactionStatus } from "../domain/Transaction.ts"
import type { Answer, EpxResult, InDoubt } from "../epx/Result.ts"
import { isReversible } from "./CallRequest.ts"
import type { ClaimedCall } from "./ClaimedCall.ts"
import type { Policy } from "./charges/Charge.ts"
import type { AnswerRecord, Settlement, Undo } from "./Settlement.ts"

/** A settlement of which nothing more is known. */
export const settlement = (status: TransactionStatus, rest: Partial<Settlement> = {}): Settlement => ({
  status,
  answer: null,
  decline: null,
  doubt: null,
  isParked: false,
  undo: null,
  ...rest
})

/**
 * What may be kept of the answer to another request: as evidence its codes, but not its token, by which the other
 * payment would be voided, nor its card or its amount.
 */
const codesOf = ({ networkResponse, responseCode }: Answer): AnswerRecord => ({
  responseCode,
  networkResponse,
  authorizationCode: null,
  networkTransactionId: null,
  avs: null,
  cvv: null,
  card: { brand: null, last4: null },
  amountApproved: null,
  bric: null
})

/** An amount that comes with no approval, or with a wrong one, is none that was approved. */
const keptOf = (reason: InDoubt["reason"], answer: Answer): AnswerRecord =>
  reason === "mismatch" ? codesOf(answer) : { ...answer, amountApproved: null }

const undecided = (result: Exclude<EpxResult, { readonly _tag: "Replied" }>): Settlement =>
  result._tag === "NotSent"
    ? settlement("failed", { doubt: `not sent (${result.reason}): ${result.detail}` })
    : settlement("unknown", {
        answer: result.answer === null ? null : keptOf(result.reason, result.answer),
        doubt: `${result.reason}: ${result.detail}`,
        // The pair may be another payment's, which a reversal by the pair would undo.
        isParked: result.reason === "duplicate"
      })

/** Only an explicit decision of EPX decides a charge; all else that may have been sent is unknown. */
export const chargeSettlement = (amount: Amount, policy: Policy, result: EpxResult): Settlement => {
  if (result._tag !== "Replied") return undecided(result)
  const { answer } = result
  if (result.outcome !== "approved") return settlement(result.outcome, { answer, decline: result.decline })
  const unwanted = unwantedIn(answer, amount, policy)
  if (unwanted === null) return settlement("approved", { answer })
  const decline = refusals[unwanted]
  // Without a token there is nothing to void, but the pair can be reversed like one that was never answered.
  return answer.bric === null
    ? settlement("unknown", { answer, decline, doubt: `${unwanted}: to be undone` })
    : settlement("approved", { answer, decline, undo: unwanted })
}

/** Why an approval is not what was wanted. It is booked as what it is, and undone. */
const unwantedIn = (answer: Answer, amount: Amount, policy: Policy): keyof typeof refusals | null => {
  if ((answer.amountApproved ?? amount) !== amount && !policy.partial_approvals) return "partial_approval"
  if (policy.reject_on_avs && answer.avsMatch === "none") return "avs"
  if (policy.reject_on_cvv && answer.cvvMatch === "no_match") return "cvv"
  return null
}

const refusals = {
  partial_approval: {
    code: "10",
    category: "partial_approval",
    message: "The bank approved only a part of the amount, so nothing was charged.",
    retryable: true
  },
  avs: {
    code: "avs_mismatch",
    category: "fixable",
    message: "The billing address does not match the card.",
    retryable: true
  },
  cvv: {
    code: "cvv_mismatch",
    category: "fixable",
    message: "The security code does not match the card.",
    retryable: true
  }
} as const satisfies Partial<Record<Undo, Decline>>

/** The same for what follows a charge. */
export const followUpSettlement = (call: ClaimedCall, result: EpxResult): Settlement => {
  if (result._tag !== "Replied") return undecided(result)
  const { answer, outcome } = result
  if (outcome === "approved") return settlement("approved", { answer })
  // EPX, CCE4: captured before. No capture of ours is on record, so people must find out whose it was.
  if (call.type === "capture" && answer.responseCode === alreadyCaptured) {
    return settlement("unknown", { answer, doubt: "EPX has captured it before", isParked: true })
  }
  // EPX, CCE7 by BRIC: a few issuers refuse it; a void then settles the matter.
  if (isReversible(call)) return settlement("unknown", { answer, doubt: refusedReversal })
  return settlement(outcome, { answer })
}

/** The same for a timeout reversal or a probe, which decides nothing by itself. */
export const attemptSettlement = (result: EpxResult): Settlement =>
  result._tag === "Replied" ? settlement(result.outcome, { answer: result.answer }) : undecided(result)

/** EPX, CCE4: the authorization was captured before. */
export const alreadyCaptured = "EV"

/** The doubt of a void whose reversal was refused: it is not carried out until a void is approved. */
export const refusedReversal = "the reversal was refused"
