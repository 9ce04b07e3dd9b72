import { amountCents, requestedCents } from "../Amounts.ts"
import { type Answer, product, settled } from "../Answer.ts"
import type { Card } from "../Cards.ts"
import { checkCard, missing } from "../Checks.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import { newTransaction } from "../Transaction.ts"
import { approvalText, avsOf, cvvOf } from "../Verification.ts"
import { type Decision, decide, heededTrigger } from "./Decision.ts"
import { checkEntryMethod } from "./EntryMethod.ts"
import { findInstrument, unfound } from "./Instrument.ts"

const checkRequired = ({ fields, profile }: KnownRequest): Refusal | undefined => {
  if (profile.avs_required && !fields.has("ADDRESS") && !fields.has("ZIP_CODE")) return { code: "E2" }
  // ACI_EXT waives the profile's demand (EPX data dictionary).
  if (profile.cvv_required && !fields.has("CVV2") && !fields.has("ACI_EXT")) return { code: "E3" }
  return undefined
}

const check = (request: KnownRequest): Refusal | undefined => {
  const { fields } = request
  if (amountCents(fields) === 0) return { code: "13" }
  return (
    checkEntryMethod(request) ??
    (fields.has("ACCOUNT_NBR") ? missing(request, "EXP_DATE") : undefined) ??
    checkCard(request) ??
    checkRequired(request)
  )
}

/** 10 is printed without product data, as the samples show. */
const detailsOf = (card: Card, decision: Decision): Answer => (decision.code === "10" ? {} : product(card))

const isApproval = ({ code }: Decision): boolean => code === "00" || code === "10" || code === "11"

const answerOf = (
  request: KnownRequest,
  card: Card,
  decision: Decision,
  made: { readonly bric: string; readonly authCode: string; readonly networkId: string }
): Answer => {
  const { fields, profile } = request
  const approved = isApproval(decision)
  const avs = avsOf(card.brand, fields.get("ADDRESS"), fields.get("ZIP_CODE"))
  return {
    ...settled(request, decision.network, requestedCents(fields), decision.told),
    ...detailsOf(card, decision),
    AUTH_GUID: approved || profile.auth_guid_on_decline ? made.bric : undefined,
    AUTH_RESP: decision.code,
    AUTH_CODE: decision.hasAuthCode ? made.authCode : undefined,
    AUTH_AVS: avs,
    AUTH_CVV2: cvvOf(card.brand, fields.get("CVV2")),
    AUTH_RESP_TEXT: decision.text ?? approvalText(avs, made.authCode),
    AUTH_CARD_TYPE: card.brand,
    AUTH_MASKED_ACCOUNT_NBR: card.masked,
    AUTH_TRAN_IDENT: approved ? made.networkId : undefined,
    AUTH_PAR:
      approved && decision.code !== "10" && profile.response_version >= 10 ? card.paymentAccountReference : undefined
  }
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const instrument = findInstrument(request, books)
  if ("code" in instrument) return unfound(request, instrument)
  const { card } = instrument
  const { fields, profile } = request
  const isByBric = fields.has("ORIG_AUTH_GUID")
  const trigger = heededTrigger(card, profile, amountCents(fields), isByBric)
  const decision = decide(card, profile, { cents: requestedCents(fields), trigger }, forced)
  const { generator, ledger } = books
  const made = { bric: generator.bric(), authCode: generator.authCode(), networkId: generator.networkId() }
  return {
    answer: answerOf(request, card, decision, made),
    commit: () => {
      const { code, charged, hasAuthCode } = decision
      const authCode = hasAuthCode ? made.authCode : undefined
      const deed = { card, bric: made.bric, code, authCode, isDone: charged > 0, amount: charged }
      const transaction = newTransaction(request, deed)
      ledger.commit(transaction)
      return transaction
    }
  }
}

/** CCE1 (sale) and CCE2 (authorization): the same questions to the issuer, other lines in the books. */
export const purchase: TransactionType = { check, run, ownsPair: true }
