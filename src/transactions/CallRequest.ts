import type { CardRequest } from "../epx/Request.ts"
import type { ClaimedCall } from "./ClaimedCall.ts"

/** What a follow-up says to EPX. */
export const requestOf = (call: ClaimedCall): CardRequest => {
  const { amount, environment, id, key, pair, paymentId, target, type } = call
  const addressed = {
    method: { kind: "card" },
    environment,
    key,
    pair,
    paymentId,
    transactionId: id,
    bric: target.bric
  } as const
  switch (type) {
    case "capture":
      return { ...addressed, operation: "capture", amount }
    case "refund":
      return { ...addressed, operation: "refund", amount, original: target.pair }
    case "void":
      return { ...addressed, operation: isReversible(call) ? "reversal" : "void" }
  }
}

/**
 * EPX, CCE7 by BRIC: of a sale or an uncaptured authorization it also releases the hold at the issuer. A few issuers
 * refuse it, and what became of it is found out by CCEX.
 */
export const isReversible = ({ isProbe, target, type }: ClaimedCall): boolean =>
  type === "void" && !isProbe && (target.type === "sale" || target.type === "authorization")
