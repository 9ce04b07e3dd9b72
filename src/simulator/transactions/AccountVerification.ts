import { amountCents } from "../Amounts.ts"
import { type Answer, fullProduct, settled } from "../Answer.ts"
import { checkCard, missing } from "../Checks.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { newTransaction } from "../Transaction.ts"
import { approvalText, avsOf, cvvOf } from "../Verification.ts"
import { checkEntryMethod } from "./EntryMethod.ts"
import { findInstrument, unfound } from "./Instrument.ts"
import { judge } from "./Verdict.ts"

const check = (request: KnownRequest): Refusal | undefined => {
  const { fields } = request
  if (!fields.has("AMOUNT") || amountCents(fields) > 0) return { code: "13" }
  return (
    checkEntryMethod(request) ??
    (fields.has("ACCOUNT_NBR") ? missing(request, "EXP_DATE") : undefined) ??
    checkCard(request)
  )
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const instrument = findInstrument(request, books)
  if ("code" in instrument) return unfound(request, instrument)
  const { card } = instrument
  const { fields, profile } = request
  const { code, network, text, isDone, hasAuthCode } = judge(
    { refusal: undefined, card, cents: 0, approvals: ["00", "85"], profile },
    forced
  )
  const { generator, ledger } = books
  const made = { bric: generator.bric(), authCode: generator.authCode(), networkId: generator.networkId() }
  const isApproval = code === "00" || code === "85"
  const avs = avsOf(card.brand, fields.get("ADDRESS"), fields.get("ZIP_CODE"))
  const answer: Answer = {
    ...settled(request, network, 0, 0),
    ...fullProduct(card),
    AUTH_GUID: isApproval || profile.auth_guid_on_decline ? made.bric : undefined,
    AUTH_RESP: code,
    AUTH_CODE: isApproval || hasAuthCode ? made.authCode : undefined,
    AUTH_AVS: avs,
    AUTH_CVV2: card.brand === "S" ? undefined : cvvOf(card.brand, fields.get("CVV2")),
    AUTH_RESP_TEXT: code === "00" ? approvalText(avs, made.authCode) : (text ?? textOf(code, card.brand)),
    AUTH_CARD_TYPE: card.brand,
    AUTH_MASKED_ACCOUNT_NBR: card.masked,
    AUTH_TRAN_IDENT: code === "00" ? made.networkId : undefined,
    AUTH_PAR: code === "00" && profile.response_version >= 10 ? card.paymentAccountReference : undefined
  }
  return {
    answer,
    commit: () => {
      const authCode = isApproval ? made.authCode : undefined
      const transaction = newTransaction(request, { card, bric: made.bric, code, authCode, isDone, amount: 0 })
      ledger.commit(transaction)
      return transaction
    }
  }
}

/** CCE0: asks the issuer about a card without moving money. */
export const accountVerification: TransactionType = { check, run, ownsPair: true }
