import { amountCents } from "../Amounts.ts"
import { type Answer, settled } from "../Answer.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { newTransaction, standing, type Transaction } from "../Transaction.ts"
import { checkEntryMethod } from "./EntryMethod.ts"

/** EPX integration guide, timeout reversal. */
const timeoutWindowMs = 120_000

/** A timeout reversal names nothing but the pair. */
const isTimeoutReversal = ({ fields }: KnownRequest): boolean =>
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

interface Decision {
  readonly code: string
  readonly network: string
  /** Whether the target really goes, which a forced code may hide. */
  readonly reverses: boolean
}

const decide = (found: Found, forced: Forced | undefined): Decision => {
  if (forced?.kind === "code") {
    const { code, network, charged } = forced
    return { code, network, reverses: charged || code === "00" }
  }
  const code = forced?.kind === "reversal_declined" ? "05" : "code" in found ? found.code : "00"
  return { code, network: code, reverses: code === "00" }
}

/** Keeps `keep` cents of the target, if the issuer agreed. */
const commit = (
  request: KnownRequest,
  { ledger }: Books,
  deed: Decision & { readonly target: Transaction; readonly bric: string; readonly keep: number }
): Transaction => {
  const { target, bric, code, reverses } = deed
  // When it comes late, less may be left than when the request came.
  if (reverses) target.released += Math.max(0, standing(target) - deed.keep)
  const outcome = { card: target.card, bric, code, amount: 0, ...(reverses ? { target } : {}) }
  const transaction = newTransaction(request, outcome)
  ledger.commit(transaction)
  return transaction
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const found = isTimeoutReversal(request) ? findByPair(request, books) : findByBric(request, books)
  const decision = decide(found, forced)
  const { code, network } = decision
  const target = "target" in found ? found.target : undefined
  const card = "target" in found ? found.target.card : found.card
  const keep = amountCents(request.fields)
  const bric = books.generator.bric()
  const hasBric = code === "00" || (target !== undefined && request.profile.auth_guid_on_decline)
  const answer: Answer = {
    ...settled(request, network, keep, code === "00" ? keep : 0),
    AUTH_GUID: hasBric ? bric : undefined,
    AUTH_RESP: code,
    AUTH_RESP_TEXT: textOf(code, card?.brand),
    AUTH_CARD_TYPE: card?.brand
  }
  return target === undefined
    ? { answer }
    : { answer, commit: () => commit(request, books, { ...decision, target, bric, keep }) }
}

/**
 * CCE7: with a BRIC it lowers an open sale or authorization to AMOUNT, or to nothing; with the pair alone it undoes the
 * call that used the pair.
 */
export const reversal: TransactionType = { check, run, ownsPair: false }
