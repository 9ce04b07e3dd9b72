import { DateTime } from "effect"
import { requestedCents } from "../Amounts.ts"
import { settled } from "../Answer.ts"
import type { Card } from "../Cards.ts"
import { textOf } from "../Codes.ts"
import type { Books, Outcome } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { defaultCofMonths, type Transaction } from "../Transaction.ts"

/** A card, and the transaction whose BRIC led to it. */
interface Instrument {
  readonly card: Card
  readonly source: Transaction | undefined
}

/** Whether the BRIC's window is open. EPX names none for COF_PERIOD 0: it gets what others have by default. */
export const isAlive = ({ receivedAt, cofMonths }: Transaction, now: number): boolean => {
  const months = cofMonths === 0 ? defaultCofMonths : cofMonths
  return now <= DateTime.toEpochMillis(DateTime.add(DateTime.makeUnsafe(receivedAt), { months }))
}

const findBric = (request: KnownRequest, { ledger, cards }: Books, bric: string): Instrument | Refusal => {
  const stored = cards.findTestBric(bric)
  if (stored !== undefined) return { card: stored, source: undefined }
  const source = ledger.findBric(request.terminal.merchNbr, bric)
  if (source === undefined) return { code: "25" }
  const { card } = source
  // A declined storage has no BRIC at EPX, and that of an update is not to be used.
  if (source.type === "CCE8") return source.isStored ? { card, source } : { code: "25" }
  if (source.cofMonths === 0) return { code: "12" }
  return isAlive(source, request.receivedAt) ? { card, source } : { code: "25" }
}

/** The card sent, or the one behind the BRIC. */
export const findInstrument = (request: KnownRequest, books: Books): Instrument | Refusal => {
  const bric = request.fields.get("ORIG_AUTH_GUID")
  if (bric !== undefined) return findBric(request, books, bric)
  const card = books.cards.find(request.fields.get("ACCOUNT_NBR") ?? "")
  return card === undefined ? { code: "15" } : { card, source: undefined }
}

/** The answer when there is no such card or BRIC. */
export const unfound = (request: KnownRequest, { code }: Refusal): Outcome => ({
  answer: {
    ...settled(request, code, requestedCents(request.fields), 0),
    AUTH_RESP: code,
    AUTH_RESP_TEXT: textOf(code)
  }
})
