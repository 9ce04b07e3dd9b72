import { amountCents } from "../Amounts.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { isOpen, newTransaction, standing, type Transaction } from "../Transaction.ts"
import { asFound, briefAnswer, checkBric, type Found } from "./ByBric.ts"
import { judge } from "./Verdict.ts"

/** EPX integration guide, timeout reversal. */
const timeoutWindowMs = 120_000

/** A timeout reversal names nothing but the pair. */
const isTimeoutReversal = ({ fields }: KnownRequest): boolean =>
  ["ORIG_AUTH_GUID", "AUTH_GUID", "ACCOUNT_NBR", "CARD_ENT_METH"].every((field) => !fields.has(field))

const check = (request: KnownRequest): Refusal | undefined => {
  if (isTimeoutReversal(request)) return request.fields.has("AMOUNT") ? { code: "13" } : undefined
  return checkBric(request)
}

const isReversible = ({ type }: Transaction): boolean => type === "CCE1" || type === "CCE2"

/** Whether nothing has happened to it since that a reversal would have to undo first. */
const isFree = (target: Transaction, keep: number): boolean =>
  isOpen(target) && target.capture === undefined && target.refunded <= keep

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
  if (!isFree(target, 0)) return { code: "21", card: target.card }
  const isLate = request.receivedAt - target.receivedAt > timeoutWindowMs
  return isLate && profile.late_cce7 !== "00" ? { code: profile.late_cce7 } : { target }
}

const findByBric = (request: KnownRequest, { ledger }: Books): Found => {
  const { fields, terminal } = request
  const target = ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
  if (target === undefined) return { code: "25" }
  const { card } = target
  if (!isReversible(target)) return { code: "12", card }
  if (!target.isDone) return { code: "25", card }
  const keep = amountCents(fields)
  if (!isFree(target, keep)) return { code: "21", card }
  return keep > standing(target) ? { code: "13", card } : { target }
}

/** What the request would reverse, whatever EPX would answer: it decides which fault waits for this reversal. */
export const findOriginal = (request: KnownRequest, { ledger }: Books): Transaction | undefined => {
  const { fields, terminal } = request
  return isTimeoutReversal(request)
    ? ledger.findPair(terminal.merchNbr, fields.get("BATCH_ID") ?? "", fields.get("TRAN_NBR") ?? "").find(isReversible)
    : ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const found = isTimeoutReversal(request) ? findByPair(request, books) : findByBric(request, books)
  const keep = amountCents(request.fields)
  const asked = forced?.kind === "reversal_declined" ? { ...asFound(found), refusal: "05" } : asFound(found)
  const verdict = judge({ ...asked, cents: 0, approvals: ["00"], profile: request.profile }, forced)
  const made = { bric: books.generator.bric(), authCode: books.generator.authCode(), requested: keep }
  const told = verdict.code === "00" ? keep : 0
  const answer = briefAnswer(request, found, { ...verdict, told }, made)
  if ("code" in found) return { answer }
  const { target } = found
  return {
    answer,
    commit: () => {
      const { code, isDone } = verdict
      if (isDone) target.released = target.amount - keep
      const transaction = newTransaction(request, {
        card: target.card,
        bric: made.bric,
        code,
        isDone,
        amount: 0,
        target
      })
      books.ledger.commit(transaction)
      return transaction
    }
  }
}

/**
 * CCE7: with a BRIC it lowers an open sale or authorization to AMOUNT, or to nothing; with the pair alone it undoes the
 * call that used the pair.
 */
export const reversal: TransactionType = { check, run, ownsPair: false }
