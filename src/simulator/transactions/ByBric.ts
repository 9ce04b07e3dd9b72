import { type Answer, settled } from "../Answer.ts"
import type { Card } from "../Cards.ts"
import { textOf } from "../Codes.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import type { Transaction } from "../Transaction.ts"
import { checkEntryMethod } from "./EntryMethod.ts"
import type { Verdict } from "./Verdict.ts"

/** What a request by BRIC acts on, or the AUTH_RESP of why it cannot. */
export type Found = { readonly target: Transaction } | { readonly code: string; readonly card?: Card }

/** Only a BRIC will do: EPX allows more for captures and refunds, which this simulator does not serve. */
export const checkBric = (request: KnownRequest): Refusal | undefined =>
  checkEntryMethod(request) ?? (request.fields.has("ACCOUNT_NBR") ? { code: "EH" } : undefined)

/** The card of what was found. */
const cardOf = (found: Found): Card | undefined => ("target" in found ? found.target.card : found.card)

/** What `judge` needs to know of it. */
export const asFound = (found: Found): { readonly refusal: string | undefined; readonly card: Card | undefined } => ({
  refusal: "code" in found ? found.code : undefined,
  card: cardOf(found)
})

/** The answer of captures, voids and reversals: nothing of the card but its brand. */
export const briefAnswer = (
  request: KnownRequest,
  found: Found,
  verdict: Verdict,
  made: { readonly bric: string; readonly authCode: string; readonly requested: number }
): Answer => {
  const card = cardOf(found)
  const isDeclined = "target" in found && request.profile.auth_guid_on_decline
  return {
    ...settled(request, verdict.network, made.requested, verdict.told),
    AUTH_GUID: verdict.code === "00" || isDeclined ? made.bric : undefined,
    AUTH_RESP: verdict.code,
    AUTH_CODE: verdict.hasAuthCode ? made.authCode : undefined,
    AUTH_RESP_TEXT: verdict.text ?? textOf(verdict.code, card?.brand),
    AUTH_CARD_TYPE: card?.brand
  }
}
