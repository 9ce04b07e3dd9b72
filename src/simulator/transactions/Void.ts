import { amountCents } from "../Amounts.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest } from "../Request.ts"
import { isOpen, newTransaction, standing, type Transaction } from "../Transaction.ts"
import { asFound, briefAnswer, checkBric, type Found } from "./ByBric.ts"
import { judge } from "./Verdict.ts"

const voidable: ReadonlySet<string> = new Set(["CCE1", "CCE2", "CCE4", "CCE9"])

const find = ({ fields, terminal }: KnownRequest, { ledger }: Books): Found => {
  const target = ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
  if (target === undefined) return { code: "25" }
  const { card } = target
  if (!voidable.has(target.type)) return { code: "12", card }
  if (!target.isDone) return { code: "25", card }
  const isFree = isOpen(target) && target.capture === undefined && target.refunded === 0
  return isFree ? { target } : { code: "21", card }
}

/** A capture gives its authorization back, a refund what can be refunded. */
const undo = (transaction: Transaction): void => {
  if (transaction.type === "CCE4" && transaction.target !== undefined) transaction.target.capture = undefined
  if (transaction.type === "CCE9" && transaction.target !== undefined) {
    transaction.target.refunded -= standing(transaction)
  }
  transaction.released = transaction.amount
  transaction.isVoided = true
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const found = find(request, books)
  const requested = amountCents(request.fields)
  const verdict = judge({ ...asFound(found), cents: 0, approvals: ["00"], profile: request.profile }, forced)
  const made = { bric: books.generator.bric(), authCode: books.generator.authCode(), requested }
  const answer = { ...briefAnswer(request, found, verdict, made), AUTH_CARD_TYPE: undefined }
  if ("code" in found) return { answer }
  const { target } = found
  return {
    answer,
    commit: () => {
      const { code, isDone } = verdict
      if (isDone) undo(target)
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

/** CCEX: takes an item out of its batch while that is open. */
export const voiding: TransactionType = { check: checkBric, run, ownsPair: true }
