import { DateTime } from "effect"
import type { Card } from "../Cards.ts"
import type { Books } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import type { Transaction } from "../Transaction.ts"

const isExpired = (made: Transaction, now: number): boolean =>
  now > DateTime.toEpochMillis(DateTime.add(DateTime.makeUnsafe(made.receivedAt), { months: made.cofMonths }))

const findBric = (request: KnownRequest, { ledger, cards }: Books, bric: string): Card | Refusal => {
  const stored = cards.findTestBric(bric)
  if (stored !== undefined) return stored
  const made = ledger.findBric(request.terminal.merchNbr, bric)
  if (made === undefined) return { code: "25" }
  if (made.cofMonths === 0) return { code: "12" }
  return isExpired(made, request.receivedAt) ? { code: "25" } : made.card
}

/** The card to charge: the one sent, or the one behind the BRIC. */
export const findInstrument = (request: KnownRequest, books: Books): Card | Refusal => {
  const bric = request.fields.get("ORIG_AUTH_GUID")
  if (bric !== undefined) return findBric(request, books, bric)
  return books.cards.find(request.fields.get("ACCOUNT_NBR") ?? "") ?? { code: "15" }
}
