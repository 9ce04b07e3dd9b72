import type { LookUp } from "../../epx/LookUp.ts"
import { tranTypes } from "../../epx/Operation.ts"
import { declineOf } from "../../epx/ResponseCodes.ts"
import { settlement } from "../Outcome.ts"
import type { Settlement } from "../Settlement.ts"
import type { History } from "./DoubtsRepo.ts"

/**
 * What EPX's listing says about a call; null: nothing that could be relied on. That a call is not listed proves
 * nothing: nobody documents how far behind the listing is, or what it leaves out.
 */
export const foundSettlement = (history: History, lookUp: LookUp): Settlement | null => {
  if (lookUp._tag !== "Found") return null
  const { amount, bric, isVoid, response, tranType } = lookUp.row
  if (!expectedTypes[history.type].includes(tranType)) return null
  if (history.type !== "void" && amount !== (history.amount_approved ?? history.amount)) return null
  const isCharge = history.type === "sale" || history.type === "authorization"
  if (!approves(response, history.type, isCharge)) {
    // An undecided code decides no more here than it does as an answer.
    return response === null || declineOf(response, null, "other") === undefined ? null : settlement("declined")
  }
  const answer = {
    responseCode: response,
    networkResponse: null,
    authorizationCode: null,
    networkTransactionId: null,
    avs: null,
    cvv: null,
    card: { brand: null, last4: null },
    amountApproved: null,
    bric
  }
  if (isCharge && isVoid) return settlement("reversed")
  // Somebody has undone it outside of the service.
  if (history.type !== "void" && isVoid) return null
  // The client was told long ago that nothing is known, and has gone: what stands is undone.
  return { ...settlement("approved"), answer, undo: isCharge ? "late_approval" : null }
}

/** EPX data dictionary: 85 approves a refund, and 10 the part of a charge by which its amount was found. */
const approves = (response: string | null, type: History["type"], isCharge: boolean): boolean =>
  response === null || response === "00" || (response === "85" && type === "refund") || (response === "10" && isCharge)

/** EPX rewrites the type of a refund (CCE9 becomes CCEA), and undoes by CCEX or by CCE7. */
const expectedTypes: Readonly<Record<History["type"], ReadonlyArray<string>>> = {
  sale: [tranTypes.card.sale],
  authorization: [tranTypes.card.authorization],
  capture: [tranTypes.card.capture],
  refund: [tranTypes.card.refund, "CCEA"],
  void: [tranTypes.card.void, tranTypes.card.reversal],
  reversal: []
}
