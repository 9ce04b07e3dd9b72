import { Schema } from "effect"
import { AnswerXml } from "./AnswerXml.ts"
import { Decimal } from "./Decimal.ts"

const text = Schema.optionalKey(Schema.String)

const matching = (pattern: RegExp) => Schema.String.check(Schema.isPattern(pattern))

/**
 * The fields of an answer that we read (EPX data dictionary, response fields). Those that decide are checked here and
 * make the whole answer unreadable when malformed; the others are plain text.
 */
export const AnswerFields = Schema.Struct({
  CUST_NBR: text,
  MERCH_NBR: text,
  DBA_NBR: text,
  TERMINAL_NBR: text,
  BATCH_ID: text,
  TRAN_NBR: text,
  ORIG_TRAN_TYPE: text,
  AUTH_GUID: Schema.optionalKey(Schema.RedactedFromValue(matching(/^[0-9A-Z]{1,20}$/))),
  AUTH_RESP: matching(/^[0-9A-Z]{1,3}$/),
  AUTH_AMOUNT: Schema.optionalKey(Decimal),
  AUTH_CURRENCY_CODE: Schema.optionalKey(matching(/^\d{1,3}$/)),
  NETWORK_RESPONSE: text,
  AUTH_CODE: text,
  AUTH_AVS: text,
  AUTH_CVV2: text,
  AUTH_RESP_TEXT: text,
  AUTH_CARD_TYPE: text,
  AUTH_MASKED_ACCOUNT_NBR: text,
  AUTH_TRAN_IDENT: text
})
export type AnswerFields = typeof AnswerFields.Type

/** EPX's response document and the fields of it that we read. */
export const AnswerDocument = AnswerXml.pipe(Schema.decodeTo(AnswerFields))
