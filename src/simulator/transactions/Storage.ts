import { amountCents } from "../Amounts.ts"
import { type Answer, fullProduct, settled } from "../Answer.ts"
import type { Card } from "../Cards.ts"
import { checkCard, missing } from "../Checks.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest, Refusal } from "../Request.ts"
import type { Fields } from "../Terminals.ts"
import { newTransaction, type Transaction } from "../Transaction.ts"
import { avsOf, cvvOf } from "../Verification.ts"
import { checkEntryMethod } from "./EntryMethod.ts"
import { findInstrument, unfound } from "./Instrument.ts"
import { judge, type Verdict } from "./Verdict.ts"

const check = (request: KnownRequest): Refusal | undefined => {
  const { fields } = request
  if (amountCents(fields) > 0) return { code: "13" }
  return (
    checkEntryMethod(request) ??
    (fields.has("ACCOUNT_NBR") ? missing(request, "EXP_DATE") : undefined) ??
    checkCard(request)
  )
}

/** What is to be stored, and how. */
interface Order {
  readonly card: Card
  readonly source: Transaction | undefined
  /** A storage BRIC was sent: it stays, and the new one is not to be used. */
  readonly isUpdate: boolean
  /** Whether the network is asked: not when an update changes nothing that it knows. */
  readonly isVerified: boolean
}

const orderOf = ({ fields }: KnownRequest, card: Card, source: Transaction | undefined): Order => {
  const isUpdate = fields.has("ORIG_AUTH_GUID") && (source === undefined || source.isStored)
  const isVerified = !isUpdate || ["EXP_DATE", "ADDRESS", "ZIP_CODE"].some((field) => fields.has(field))
  return { card, source, isUpdate, isVerified }
}

/** A converted BRIC hands on its address; an update is verified by what it sends (EPX sample of an update). */
const addressOf = ({ fields }: KnownRequest, { source, isUpdate }: Order): Fields =>
  new Map([...(isUpdate ? [] : (source?.kept ?? [])), ...fields])

// EPX storage triggers, for the same four cards as those of amounts.
const isRefused = (request: KnownRequest, order: Order): boolean => {
  const { fields, profile } = request
  const { card, source, isVerified } = order
  const heeds = card.isTrigger && (profile.triggers_on_bric || !fields.has("ORIG_AUTH_GUID"))
  if (!isVerified || !heeds) return false
  const cvv = cvvOf(card.brand, fields.get("CVV2"))
  const hasAddress = ["ADDRESS", "ZIP_CODE"].some((field) => fields.has(field) || source?.kept.has(field) === true)
  return cvv === "N" || (cvv === undefined && !hasAddress)
}

interface Made {
  readonly bric: string
  readonly authCode: string
  readonly networkId: string
}

const answerOf = (request: KnownRequest, order: Order, verdict: Verdict, made: Made): Answer => {
  const { card, isUpdate, isVerified } = order
  const { code, network, text, hasAuthCode } = verdict
  const isApproval = code === "00"
  const address = addressOf(request, order)
  const approval = isUpdate ? "APPROVAL" : `APPROVAL ${made.authCode}`
  const hasParent = isApproval && request.profile.response_version >= 10
  return {
    ...settled(request, network, 0, 0),
    ...fullProduct(card),
    AUTH_GUID: isApproval || request.profile.auth_guid_on_decline ? made.bric : undefined,
    AUTH_RESP: code,
    AUTH_CODE: (isApproval && isVerified) || hasAuthCode ? made.authCode : undefined,
    AUTH_AVS: isVerified ? avsOf(card.brand, address.get("ADDRESS"), address.get("ZIP_CODE")) : undefined,
    AUTH_CVV2: isVerified && card.brand !== "S" ? cvvOf(card.brand, request.fields.get("CVV2")) : undefined,
    AUTH_RESP_TEXT: isApproval ? approval : (text ?? textOf(code, card.brand)),
    AUTH_CARD_TYPE: card.brand,
    AUTH_MASKED_ACCOUNT_NBR: card.masked,
    AUTH_TRAN_IDENT: isApproval && !isUpdate ? made.networkId : undefined,
    AUTH_PAR: hasParent ? card.paymentAccountReference : undefined
  }
}

const run = (request: KnownRequest, books: Books, forced: Forced | undefined): Outcome => {
  const instrument = findInstrument(request, books)
  if ("code" in instrument) return unfound(request, instrument)
  const { card, source } = instrument
  const order = orderOf(request, card, source)
  const refusal = isRefused(request, order) ? request.profile.decline_storage_code : undefined
  const issuer = judge({ refusal, card, cents: 0, approvals: ["00", "85"], profile: request.profile }, forced)
  // The issuer's 85 becomes an approval, and stays visible as NETWORK_RESPONSE (EPX storage guide).
  const verdict = issuer.code === "85" ? { ...issuer, code: "00" } : issuer
  const { generator, ledger } = books
  const made = { bric: generator.bric(), authCode: generator.authCode(), networkId: generator.networkId() }
  return {
    answer: answerOf(request, order, verdict, made),
    commit: () => {
      const { code, isDone } = verdict
      const { isUpdate } = order
      const origin = isUpdate ? { target: source } : { inherited: source?.kept }
      const deed = { card, bric: made.bric, code, isDone, amount: 0, isStored: isDone && !isUpdate, ...origin }
      const transaction = newTransaction(request, deed)
      if (isDone && isUpdate && source !== undefined) source.kept = new Map([...source.kept, ...transaction.kept])
      ledger.commit(transaction)
      return transaction
    }
  }
}

/** CCE8: makes a BRIC that lasts, of a card or of another BRIC, or changes what is stored under one. */
export const storage: TransactionType = { check, run, ownsPair: true }
