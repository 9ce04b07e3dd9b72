import { amountCents } from "../Amounts.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { newTransaction, standing } from "../Transaction.ts"
import { asFound, briefAnswer, checkBric, type Found } from "./ByBric.ts"
import { judge } from "./Verdict.ts"

/** 30 days (EPX transaction catalogue). */
const windowMs = 30 * 86_400_000

const check = (request: KnownRequest): Refusal | undefined =>
  amountCents(request.fields) === 0 ? { code: "13" } : checkBric(request)

const find = ({ fields, terminal, receivedAt }: KnownRequest, { ledger }: Books): Found => {
  const target = ledger.findBric(terminal.merchNbr, fields.get("ORIG_AUTH_GUID") ?? "")
  if (target === undefined) return { code: "S8" }
  const { card } = target
  if (target.type !== "CCE2" || standing(target) === 0) return { code: "S8", card }
  if (target.capture !== undefined) return { code: "EV", card }
  if (receivedAt - target.receivedAt > windowMs) return { code: "ED", card }
  return amountCents(fields) > standing(target) ? { code: "13", card } : { target }
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const found = find(request, books)
  const requested = amountCents(request.fields)
  const verdict = judge({ ...asFound(found), cents: requested, approvals: ["00"], profile: request.profile }, forced)
  const made = { bric: books.generator.bric(), authCode: books.generator.authCode(), requested }
  const answer = briefAnswer(request, found, verdict, made)
  if ("code" in found) return { answer }
  const { target } = found
  return {
    answer,
    commit: () => {
      const { code, isDone, cents } = verdict
      const deed = { card: target.card, bric: made.bric, code, isDone, amount: cents, target }
      const capture = newTransaction(request, deed)
      if (isDone) target.capture = capture
      books.ledger.commit(capture)
      return capture
    }
  }
}

/** CCE4: charges what an authorization holds, or less, once. */
export const capture: TransactionType = { check, run, ownsPair: true }
