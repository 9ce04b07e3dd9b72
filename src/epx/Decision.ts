import type { Brand } from "../domain/Card.ts"
import type { Decline } from "../domain/Decline.ts"
import type { AnswerFields } from "./AnswerFields.ts"
import { avsMatch } from "./AvsCodes.ts"
import { brandOf } from "./CardTypes.ts"
import { cvvMatch } from "./CvvCodes.ts"
import { isAchRequest, isPairRequest, tranTypeOf } from "./Operation.ts"
import type { EpxRequest } from "./Request.ts"
import { type Dialect, declineOf, meaningOf } from "./ResponseCodes.ts"
import type { Answer, EpxResult, InDoubt } from "./Result.ts"

const shaped = (value: string | undefined, shape: RegExp): string | null =>
  value !== undefined && shape.test(value) ? value : null

/** EPX may quote what it refuses, so whatever could be a card number, an account number or a BRIC is masked. */
const displayText = (text: string | undefined): string | null =>
  text === undefined ? null : text.replace(/(?=[A-Z]*\d)[0-9A-Z]{12,}|\d[\d -]{7,}\d/g, "***").slice(0, 80)

const brandIn = (fields: AnswerFields, request: EpxRequest): Brand | null =>
  fields.AUTH_CARD_TYPE === undefined || isAchRequest(request) ? null : brandOf(fields.AUTH_CARD_TYPE)

const answerOf = (fields: AnswerFields, request: EpxRequest): Answer => {
  const brand = brandIn(fields, request)
  const avs = shaped(fields.AUTH_AVS, /^[A-Z]$/)
  const cvv = shaped(fields.AUTH_CVV2, /^[A-Z]$/)
  return {
    responseCode: fields.AUTH_RESP,
    networkResponse: shaped(fields.NETWORK_RESPONSE, /^[0-9A-Z]{1,3}$/),
    authorizationCode: shaped(fields.AUTH_CODE, /^[0-9A-Z]{1,6}$/),
    text: displayText(fields.AUTH_RESP_TEXT),
    avs,
    avsMatch: avs === null ? null : avsMatch(avs, brand ?? "other"),
    cvv,
    cvvMatch: cvv === null ? null : cvvMatch(cvv, brand ?? "other"),
    card: { brand, last4: shaped(fields.AUTH_MASKED_ACCOUNT_NBR, /^\*+\d{4}$/)?.slice(-4) ?? null },
    amountApproved: fields.AUTH_AMOUNT ?? null,
    bric: fields.AUTH_GUID ?? null,
    networkTransactionId: shaped(fields.AUTH_TRAN_IDENT, /^[0-9A-Z]{1,20}$/)
  }
}

/** The first field that shows the answer to be another request's. EPX echoes the key and the pair in every answer. */
const foreignField = (fields: AnswerFields, request: EpxRequest): string | undefined => {
  const echoed: ReadonlyArray<readonly [keyof AnswerFields, string]> = [
    ["CUST_NBR", request.key.cust_nbr],
    ["MERCH_NBR", request.key.merch_nbr],
    ["DBA_NBR", request.key.dba_nbr],
    ["TERMINAL_NBR", request.key.terminal_nbr],
    ["BATCH_ID", request.pair.batch_id],
    ["TRAN_NBR", String(request.pair.tran_nbr)]
  ]
  const foreign = echoed.find(([name, ours]) => fields[name] !== ours)
  if (foreign !== undefined) return foreign[0]
  // TRAN_TYPE is not compared: EPX rewrites it, a CCE9 comes back as CCEA. ORIG_TRAN_TYPE needs response version 8.
  return fields.ORIG_TRAN_TYPE === undefined || fields.ORIG_TRAN_TYPE === tranTypeOf(request)
    ? undefined
    : "ORIG_TRAN_TYPE"
}

/** The amount that an approval must repeat; undefined for calls that name none. */
const expectedAmount = (request: EpxRequest): number | undefined =>
  "amount" in request ? request.amount : request.operation === "reversal" ? request.remaining : undefined

const isDollar = (currency: string | undefined): boolean => currency === undefined || currency === "840"

/** EPX data dictionary: 85 approves CCx0, CCx9 and CCxA only. */
const approvesOn85 = (request: EpxRequest): boolean =>
  !isPairRequest(request) && !isAchRequest(request) && ["verification", "refund"].includes(request.operation)

const canBePartial = (request: EpxRequest): boolean =>
  !isPairRequest(request) && !isAchRequest(request) && ["sale", "authorization"].includes(request.operation)

type Reading = "approved" | "amount_differs" | "duplicate" | "undecided_code" | "unlisted_code" | Decline

const approval = (fields: AnswerFields, request: EpxRequest): Reading => {
  const expected = expectedAmount(request)
  const isAsExpected = expected === undefined || fields.AUTH_AMOUNT === undefined || fields.AUTH_AMOUNT === expected
  return isAsExpected && isDollar(fields.AUTH_CURRENCY_CODE) ? "approved" : "amount_differs"
}

const partialApproval = (fields: AnswerFields, request: EpxRequest): Reading => {
  if (!canBePartial(request)) return "undecided_code"
  const asked = expectedAmount(request) ?? 0
  const granted = fields.AUTH_AMOUNT ?? 0
  return granted > 0 && granted <= asked && isDollar(fields.AUTH_CURRENCY_CODE) ? "approved" : "amount_differs"
}

const read = (fields: AnswerFields, answer: Answer, request: EpxRequest, dialect: Dialect): Reading => {
  const code = answer.responseCode
  if (code === "00" || (code === "85" && approvesOn85(request))) return approval(fields, request)
  if (code === "10") return partialApproval(fields, request)
  const decline = declineOf(code, answer.networkResponse, dialect)
  if (decline === undefined) return meaningOf(code, dialect) === undefined ? "unlisted_code" : "undecided_code"
  // What refuses a pair as used before does not say what became of its first use, which may be an earlier copy of this
  // call. No code is reserved for it, so here alone the text counts, and only towards doubt.
  return /duplicate|dup tran/i.test(`${fields.AUTH_RESP_TEXT}`) ? "duplicate" : decline
}

const inDoubt = (reason: InDoubt["reason"], detail: string, answer: Answer): InDoubt => ({
  _tag: "InDoubt",
  reason,
  detail,
  answer
})

const refusedByEpx: ReadonlySet<Decline["category"]> = new Set(["configuration", "request", "state"])

/** What an answer says about a request. Whatever is not plainly an approval or a refusal of it is `InDoubt`. */
export const decide = (request: EpxRequest, fields: AnswerFields): EpxResult => {
  const answer = answerOf(fields, request)
  const foreign = foreignField(fields, request)
  if (foreign !== undefined) return inDoubt("mismatch", `${foreign} is not ours`, answer)
  const dialect = isAchRequest(request) ? "ach" : (answer.card.brand ?? "other")
  const reading = read(fields, answer, request, dialect)
  if (reading === "approved") return { _tag: "Replied", outcome: "approved", answer }
  if (typeof reading === "string") return inDoubt(reading, describe(answer, dialect), answer)
  const outcome = refusedByEpx.has(reading.category) ? "rejected" : "declined"
  return { _tag: "Replied", outcome, answer, decline: reading }
}

const describe = ({ responseCode }: Answer, dialect: Dialect): string =>
  `${responseCode}: ${meaningOf(responseCode, dialect)?.[3] ?? "not in any list"}`
