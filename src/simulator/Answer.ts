import type { Card } from "./Cards.ts"
import { printCents } from "./Cents.ts"
import type { Request } from "./Request.ts"
import type { Stamp } from "./SimulatedClock.ts"
import { keyParts } from "./Terminals.ts"

// EPX sandbox traffic: the order in which it prints them.
const order = [
  "MSG_VERSION",
  ...keyParts,
  "TRAN_TYPE",
  "BATCH_ID",
  "TRAN_NBR",
  "LOCAL_DATE",
  "LOCAL_TIME",
  "AUTH_GUID",
  "AUTH_RESP",
  "AUTH_CODE",
  "AUTH_AVS",
  "AUTH_CVV2",
  "AUTH_RESP_TEXT",
  "AUTH_CARD_TYPE",
  "AUTH_TRAN_DATE_GMT",
  "AUTH_AMOUNT_REQUESTED",
  "AUTH_AMOUNT",
  "AUTH_CURRENCY_CODE",
  "NETWORK_RESPONSE",
  "AUTH_CARD_COUNTRY_CODE",
  "AUTH_CARD_CURRENCY_CODE",
  "AUTH_CARD_B",
  "AUTH_CARD_C",
  "AUTH_CARD_E",
  "AUTH_CARD_F",
  "AUTH_CARD_G",
  "AUTH_CARD_I",
  "AUTH_MASKED_ACCOUNT_NBR",
  "AUTH_CARD_L",
  "ORIG_TRAN_TYPE",
  "AUTH_TRAN_IDENT",
  "AUTH_PAR"
] as const

type AnswerField = (typeof order)[number]

/** The fields of one answer; what is absent is not sent. */
export type Answer = { readonly [field in AnswerField]?: string | undefined }

/** One printed field. */
export type Entry = readonly [field: string, value: string]

/** Whether EPX knows the field in an answer. */
export const isAnswerField = (field: string): boolean => order.some((known) => known === field)

/** What each answer begins with. */
export const header = (request: Request, stamp: Stamp): Answer => ({
  MSG_VERSION: "003",
  CUST_NBR: request.fields.get("CUST_NBR"),
  MERCH_NBR: request.fields.get("MERCH_NBR"),
  DBA_NBR: request.fields.get("DBA_NBR"),
  TERMINAL_NBR: request.fields.get("TERMINAL_NBR"),
  TRAN_TYPE: request.type,
  BATCH_ID: request.fields.get("BATCH_ID"),
  TRAN_NBR: request.fields.get("TRAN_NBR"),
  LOCAL_DATE: stamp.localDate,
  LOCAL_TIME: stamp.localTime,
  AUTH_TRAN_DATE_GMT: stamp.gmt
})

/** What EPX adds once it has looked at the transaction itself. */
export const settled = (request: Request, network: string, requested: number, approved: number): Answer => ({
  AUTH_AMOUNT_REQUESTED: printCents(requested),
  AUTH_AMOUNT: printCents(approved),
  AUTH_CURRENCY_CODE: request.fields.get("CURRENCY_CODE") ?? "840",
  NETWORK_RESPONSE: network,
  ORIG_TRAN_TYPE: request.profile.response_version >= 8 ? request.type : undefined
})

// Enhanced level 5 as the samples show it: product data for Visa only.
const visaProduct: Answer = {
  AUTH_CARD_COUNTRY_CODE: "840",
  AUTH_CARD_CURRENCY_CODE: "840",
  AUTH_CARD_B: "D",
  AUTH_CARD_C: "F",
  AUTH_CARD_E: "N",
  AUTH_CARD_F: "Y",
  AUTH_CARD_G: "N",
  AUTH_CARD_I: "Y",
  AUTH_CARD_L: "P"
}

/** The enhanced product fields of a card. */
export const product = (card: Card): Answer => (card.brand === "V" ? visaProduct : {})

const mastercardProduct: Answer = { ...visaProduct, AUTH_CARD_B: "MCC", AUTH_CARD_C: "MCS", AUTH_CARD_L: "C" }

/** The product fields where no money moves: the samples show those of Mastercard there too. */
export const fullProduct = (card: Card): Answer => (card.brand === "M" ? mastercardProduct : product(card))

/** The fields in EPX's order. */
export const entriesOf = (answer: Answer): Array<Entry> => {
  const entries: Array<Entry> = []
  for (const field of order) {
    const value = answer[field]
    if (value !== undefined) entries.push([field, value])
  }
  return entries
}

const escapes: { readonly [character: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

const escape = (text: string): string =>
  /[&<>"]/.test(text) ? text.replaceAll(/[&<>"]/g, (character) => escapes[character] ?? character) : text

/** The document on one line without a declaration, as the sandbox sends it. */
export const print = (entries: ReadonlyArray<Entry>): string => {
  let xml = "<RESPONSE><FIELDS>"
  for (const [field, value] of entries) xml += `<FIELD KEY="${escape(field)}">${escape(value)}</FIELD>`
  return `${xml}</FIELDS></RESPONSE>`
}
