import { amountCents } from "../Amounts.ts"
import { type Answer, product } from "../Answer.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { moved, newTransaction, type Transaction } from "../Transaction.ts"
import { asFound, briefAnswer, checkBric, type Found } from "./ByBric.ts"
import { isAlive } from "./Instrument.ts"
import { judge, type Verdict } from "./Verdict.ts"

const check = (request: KnownRequest): Refusal | undefined => {
  const { fields, profile } = request
  if (amountCents(fields) === 0) return { code: "13" }
  // A refund to a card without a sale needs an approval that no terminal here has.
  if (fields.has("ACCOUNT_NBR")) return { code: "58" }
  const hasPair = fields.has("ORIG_BATCH_ID") && fields.has("ORIG_TRAN_NBR")
  return checkBric(request) ?? (profile.orig_pair_required && !hasPair ? { code: "S5" } : undefined)
}

/** The pair of a capture may also be named by that of its authorization. */
const hasPair = (transaction: Transaction, batchId: string | undefined, tranNbr: string | undefined): boolean =>
  ((batchId ?? transaction.batchId) === transaction.batchId &&
    (tranNbr ?? transaction.tranNbr) === transaction.tranNbr) ||
  (transaction.target !== undefined && hasPair(transaction.target, batchId, tranNbr))

const find = ({ fields, terminal, profile, receivedAt }: KnownRequest, { ledger }: Books): Found => {
  const target = ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
  if (target === undefined) return { code: "S5" }
  const { card } = target
  if (!isAlive(target, receivedAt)) return { code: "25", card }
  const isCharge = target.type === "CCE1" || target.type === "CCE4"
  const isStanding = isCharge && target.amount > target.released
  if (!isStanding || !hasPair(target, fields.get("ORIG_BATCH_ID"), fields.get("ORIG_TRAN_NBR"))) {
    return { code: "S7", card }
  }
  if (target.settledAt === undefined && profile.refund_unsettled === "S7") return { code: "S7", card }
  return amountCents(fields) > moved(target) ? { code: "13", card } : { target }
}

const isApproval = ({ code }: Verdict): boolean => code === "00" || code === "85"

/** What a refund shows beyond a capture: the issuer was asked. */
const details = ({ profile }: KnownRequest, target: Transaction, verdict: Verdict, authCode: string): Answer => ({
  ...product(target.card),
  ...(profile.ccea_rewrite && target.card.brand !== "S" ? { TRAN_TYPE: "CCEA" } : {}),
  AUTH_CODE: isApproval(verdict) || verdict.hasAuthCode ? authCode : undefined,
  AUTH_RESP_TEXT: verdict.code === "00" ? `APPROVAL ${authCode}` : (verdict.text ?? textOf(verdict.code)),
  AUTH_MASKED_ACCOUNT_NBR: target.card.masked
})

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const found = find(request, books)
  const requested = amountCents(request.fields)
  const verdict = judge(
    { ...asFound(found), cents: requested, approvals: ["00", "85"], profile: request.profile },
    forced
  )
  const made = { bric: books.generator.bric(), authCode: books.generator.authCode(), requested }
  const brief = briefAnswer(request, found, verdict, made)
  if ("code" in found) return { answer: brief }
  const { target } = found
  return {
    answer: {
      ...brief,
      ...details(request, target, verdict, made.authCode),
      AUTH_GUID: isApproval(verdict) ? made.bric : brief.AUTH_GUID
    },
    commit: () => {
      const { code, isDone, cents } = verdict
      const authCode = isApproval(verdict) ? made.authCode : undefined
      const deed = { card: target.card, bric: made.bric, code, authCode, isDone, amount: cents, target }
      const refund = newTransaction(request, deed)
      target.refunded += refund.amount
      books.ledger.commit(refund)
      return refund
    }
  }
}

/** CCE9: gives back a sale or a capture, in one or several parts. */
export const refund: TransactionType = { check, run, ownsPair: true }
