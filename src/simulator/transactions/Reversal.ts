import { amountCents } from "../Amounts.ts"
import { settled } from "../Answer.ts"
import { parseCents } from "../Cents.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { newTransaction, standing, type Transaction } from "../Transaction.ts"
import { checkEntryMethod } from "./EntryMethod.ts"

/** EPX integration guide, timeout reversal. */
const timeoutWindowMs = 120_000

/** A timeout reversal names nothing but the pair. */
export const isTimeoutReversal = ({ fields }: KnownRequest): boolean =>
  ["ORIG_AUTH_GUID", "AUTH_GUID", "ACCOUNT_NBR", "CARD_ENT_METH"].every((field) => !fields.has(field))

const check = (request: KnownRequest): Refusal | undefined => {
  if (isTimeoutReversal(request)) return request.fields.has("AMOUNT") ? { code: "13" } : undefined
  return checkEntryMethod(request) ?? (request.fields.has("ACCOUNT_NBR") ? { code: "EH" } : undefined)
}

const isReversible = ({ type }: Transaction): boolean => type === "CCE1" || type === "CCE2"

type Found = { readonly target: Transaction } | { readonly code: string; readonly card?: Transaction["card"] }

/** What the pair stands for, and how EPX answers when nothing under it can be reversed. */
const findByPair = (request: KnownRequest, { ledger }: Books): Found => {
  const { fields, profile, terminal } = request
  const found = ledger
    .findPair(terminal.merchNbr, fields.get("BATCH_ID") ?? "", fields.get("TRAN_NBR") ?? "")
    .filter(isReversible)
  const target = found.find((transaction) => standing(transaction) > 0)
  if (target === undefined) {
    if (found.length === 0) return { code: "25" }
    return { code: found.some(({ amount }) => amount > 0) ? profile.cce7_twice : profile.cce7_declined }
  }
  const isLate = request.receivedAt - target.receivedAt > timeoutWindowMs
  return isLate && profile.late_cce7 !== "00" ? { code: profile.late_cce7 } : { target }
}

const findByBric = (request: KnownRequest, { ledger }: Books): Found => {
  const { fields, terminal } = request
  const target = ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
  if (target === undefined) return { code: "25" }
  const { card } = target
  if (!isReversible(target)) return { code: "12", card }
  if (target.amount === 0) return { code: "25", card }
  if (standing(target) === 0) return { code: "21", card }
  return amountCents(fields) > standing(target) ? { code: "13", card } : { target }
}

/** What the request would reverse, whatever EPX would answer: it decides which fault waits for this reversal. */
export const findOriginal = (request: KnownRequest, { ledger }: Books): Transaction | undefined => {
  const { fields, terminal } = request
  return isTimeoutReversal(request)
    ? ledger.findPair(terminal.merchNbr, fields.get("BATCH_ID") ?? "", fields.get("TRAN_NBR") ?? "").find(isReversible)
    : ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
}

const forcedCode = (forced: Forced | undefined): string | undefined => {
  if (forced?.kind === "reversal_declined") return "05"
  return forced?.kind === "code" ? forced.code : undefined
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const { fields } = request
  const found = isTimeoutReversal(request) ? findByPair(request, books) : findByBric(request, books)
  const target = "target" in found ? found.target : undefined
  const requested = parseCents(fields.get("AMOUNT") ?? "") ?? 0
  const told = forcedCode(forced) ?? ("code" in found ? found.code : "00")
  const reverses = told === "00" || (forced?.kind === "code" && forced.charged)
  const network = forced?.kind === "code" ? forced.network : told
  const card = target?.card ?? ("code" in found ? found.card : undefined)
  const bric = books.generator.bric()
  const hasBric = told === "00" || (target !== undefined && request.profile.auth_guid_on_decline)
  return {
    answer: {
      ...settled(request, network, requested, told === "00" ? requested : 0),
      AUTH_GUID: hasBric ? bric : undefined,
      AUTH_RESP: told,
      AUTH_RESP_TEXT: textOf(told, card?.brand),
      AUTH_CARD_TYPE: card?.brand
    },
    ...(target === undefined
      ? {}
      : {
          commit: () => {
            // A late commit may find that less is left than when the request came.
            const released = reverses ? Math.max(0, standing(target) - requested) : 0
            target.released += released
            const outcome = { card: target.card, bric, code: told, amount: 0, ...(reverses ? { target } : {}) }
            const transaction = newTransaction(request, outcome)
            books.ledger.commit(transaction)
            return transaction
          }
        })
  }
}

/**
 * CCE7: with a BRIC it lowers an open sale or authorization to AMOUNT, or to nothing; with the pair alone it undoes the
 * call that used the pair.
 */
export const reversal: TransactionType = { check, run, ownsPair: false }
