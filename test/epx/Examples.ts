import { Redacted } from "effect"
import { Amount } from "../../src/domain/Money.ts"
import type { AchRequest, CardRequest, Envelope, PairRequest } from "../../src/epx/Request.ts"

export const bric = Redacted.make("09LTESTSALE00000001")

export const envelope: Envelope = {
  environment: "test",
  key: { cust_nbr: "7000", merch_nbr: "700010", dba_nbr: "1", terminal_nbr: "1" },
  pair: { batch_id: "20260314", tran_nbr: 1001 },
  paymentId: "pay_0001",
  transactionId: "txn_0001"
}

const card = { ...envelope, method: { kind: "card" }, bric } as const

const ach = (account: "checking" | "savings") => ({ ...envelope, method: { kind: "ach", account }, bric }) as const

const amount = Amount.make(2500)

const holder = { entryClass: "WEB", firstName: "Alex", lastName: "Sample" } as const

/** Every legal card call by its TRAN_TYPE. */
export const cardRequests = {
  CCE0: { ...card, operation: "verification", billing: { street: "9 Other Road", postal_code: "12345" } },
  CCE1: { ...card, operation: "sale", amount, orderRef: "INV-1001" },
  CCE2: { ...card, operation: "authorization", amount },
  CCE4: { ...card, operation: "capture", amount },
  CCE7: { ...card, operation: "reversal" },
  CCE8: { ...card, operation: "storage" },
  CCE9: { ...card, operation: "refund", amount, original: { batch_id: "20260301", tran_nbr: 7 } },
  CCEX: { ...card, operation: "void" }
} as const satisfies Record<string, CardRequest>

export const partialReversal = {
  ...card,
  operation: "reversal",
  remaining: Amount.make(3000)
} as const satisfies CardRequest

/** Every legal ACH call; refund and payout are both a credit. */
export const achRequests = (account: "checking" | "savings") =>
  ({
    verification: { ...ach(account), operation: "verification", holder },
    sale: { ...ach(account), operation: "sale", amount, holder },
    refund: { ...ach(account), operation: "refund", amount },
    payout: { ...ach(account), operation: "payout", amount, holder },
    storage: { ...ach(account), operation: "storage", holder },
    void: { ...ach(account), operation: "void" }
  }) as const satisfies Record<string, AchRequest>

export const newBankAccount = {
  ...envelope,
  method: { kind: "ach", account: "checking" },
  operation: "storage",
  holder: { entryClass: "CCD", receiver: "Sample & Sons, Ltd." },
  accountNumber: Redacted.make("123456789"),
  routingNumber: "011000015"
} as const satisfies AchRequest

export const timeoutReversal = { ...envelope, operation: "timeout_reversal" } as const satisfies PairRequest
export const batchClose = { ...envelope, operation: "batch_close" } as const satisfies PairRequest

/** The fields of the sale's approval, in the order of EPX's sandbox. */
export const approvedSale: Readonly<Record<string, string>> = {
  MSG_VERSION: "003",
  CUST_NBR: "7000",
  MERCH_NBR: "700010",
  DBA_NBR: "1",
  TERMINAL_NBR: "1",
  TRAN_TYPE: "CCE1",
  BATCH_ID: "20260314",
  TRAN_NBR: "1001",
  LOCAL_DATE: "031426",
  LOCAL_TIME: "143005",
  AUTH_GUID: "09LTESTSALE00000002",
  AUTH_RESP: "00",
  AUTH_CODE: "061001",
  AUTH_AVS: "Y",
  AUTH_CVV2: "M",
  AUTH_RESP_TEXT: "EXACT MATCH",
  AUTH_CARD_TYPE: "V",
  AUTH_TRAN_DATE_GMT: "03/14/2026 06:30:05 PM",
  AUTH_AMOUNT_REQUESTED: "25.00",
  AUTH_AMOUNT: "25.00",
  AUTH_CURRENCY_CODE: "840",
  NETWORK_RESPONSE: "00",
  AUTH_CARD_B: "D",
  AUTH_MASKED_ACCOUNT_NBR: "************0002",
  ORIG_TRAN_TYPE: "CCE1",
  AUTH_TRAN_IDENT: "000000000000101",
  AUTH_PAR: "V4000000000000000000000000001"
}

/** An answer to the sale with some fields replaced, or left out where undefined. */
export const answerToSale = (changes: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({ ...approvedSale, ...changes }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]]
    )
  )
