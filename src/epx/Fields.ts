import { Redacted } from "effect"
import { fieldText } from "./Ascii.ts"
import { formatDecimal } from "./Decimal.ts"
import { isAchRequest, isPairRequest, tranTypeOf } from "./Operation.ts"
import type {
  AccountHolder,
  AchRequest,
  BankAccount,
  BillingAddress,
  CardRequest,
  EpxRequest,
  Initiator
} from "./Request.ts"

/** The form fields of one request; an undefined one is left out. The values hold BRICs in the clear: never log them. */
export type Fields = Readonly<Record<string, string | undefined>>

// The patterns of Browser Post and PayPage are the strictest that EPX documents, so they hold everywhere.
const notUserData = /[^0-9a-zA-Z_ .\-,#()@]/g
const notPersonName = /[^0-9a-zA-Z .\-,']/g
const notCompanyName = /[^0-9a-zA-Z .\-,'&#()]/g
const notStreet = /[^0-9a-zA-Z .\-,#]/g
const notPostalCode = /[^0-9a-zA-Z -]/g
const invoiceNumber = /^[0-9a-zA-Z .\-,\\_#()]{1,25}$/
const orderNumber = /^[0-9a-zA-Z .\-,#()]{1,25}$/

/** EPX data dictionary, ACI_EXT. */
const initiators: Readonly<Record<Initiator, string>> = {
  recurring: "RB",
  instalment: "IP",
  subscription: "SA",
  unscheduled: "UP",
  resubmission: "RS"
}

const present = (value: string): string | undefined => (value === "" ? undefined : value)

const address = (billing: BillingAddress | undefined): Fields => ({
  ADDRESS: present(fieldText(billing?.street ?? "", notStreet, 30)),
  // EPX data dictionary, ZIP_CODE: nine digits are sent without the hyphen.
  ZIP_CODE: present(fieldText(billing?.postal_code ?? "", notPostalCode, 10).replace(/^(\d{5})-(\d{4})$/, "$1$2"))
})

// A shortened reference could be another order's, so one that does not fit is left out.
const order = (orderRef: string | undefined): Fields => ({
  INVOICE_NBR: orderRef !== undefined && invoiceNumber.test(orderRef) ? orderRef : undefined,
  ORDER_NBR: orderRef !== undefined && orderNumber.test(orderRef) ? orderRef : undefined
})

const holder = (who: AccountHolder): Fields =>
  who.entryClass === "CCD"
    ? { RECV_NAME: fieldText(who.receiver, notCompanyName, 22), STD_ENTRY_CLASS: who.entryClass }
    : {
        FIRST_NAME: fieldText(who.firstName, notPersonName, 25),
        LAST_NAME: fieldText(who.lastName, notPersonName, 25),
        STD_ENTRY_CLASS: who.entryClass
      }

/** CARD_ENT_METH: `Z` is a BRIC, `X` a keyed account number. */
const instrument = (request: CardRequest | AchRequest): Fields =>
  "bric" in request ? { ORIG_AUTH_GUID: Redacted.value(request.bric), CARD_ENT_METH: "Z" } : bankAccount(request)

const bankAccount = ({ accountNumber, routingNumber }: BankAccount): Fields => ({
  ACCOUNT_NBR: Redacted.value(accountNumber),
  ROUTING_NBR: routingNumber,
  CARD_ENT_METH: "X"
})

const cardFields = (request: CardRequest): Fields => {
  switch (request.operation) {
    case "sale":
    case "authorization":
      return {
        AMOUNT: formatDecimal(request.amount),
        ACI_EXT: request.initiator && initiators[request.initiator],
        ...address(request.billing),
        ...order(request.orderRef)
      }
    case "capture":
      return { AMOUNT: formatDecimal(request.amount) }
    case "refund":
      return {
        AMOUNT: formatDecimal(request.amount),
        ORIG_BATCH_ID: request.original.batch_id,
        ORIG_TRAN_NBR: String(request.original.tran_nbr)
      }
    case "reversal":
      return { AMOUNT: request.remaining && formatDecimal(request.remaining) }
    case "verification":
      return { AMOUNT: formatDecimal(0), ...address(request.billing) }
    case "storage":
      return address(request.billing)
    case "void":
      return {}
  }
}

const achFields = (request: AchRequest): Fields => {
  switch (request.operation) {
    case "sale":
    case "payout":
      return {
        AMOUNT: formatDecimal(request.amount),
        ACI_EXT: request.initiator && initiators[request.initiator],
        ...holder(request.holder),
        ...order(request.orderRef)
      }
    case "refund":
      return { AMOUNT: formatDecimal(request.amount) }
    case "verification":
      return { AMOUNT: formatDecimal(0), ...holder(request.holder) }
    case "storage":
      return holder(request.holder)
    case "void":
      return {}
  }
}

const found = (request: EpxRequest): Fields => ({
  CUST_NBR: request.key.cust_nbr,
  MERCH_NBR: request.key.merch_nbr,
  DBA_NBR: request.key.dba_nbr,
  TERMINAL_NBR: request.key.terminal_nbr,
  TRAN_TYPE: tranTypeOf(request),
  BATCH_ID: request.pair.batch_id,
  TRAN_NBR: String(request.pair.tran_nbr)
})

/**
 * What a call says to EPX. A timeout reversal and a batch close carry the key, the type and the pair and nothing more:
 * any other field could keep EPX from finding what they act on.
 */
export const fieldsOf = (request: EpxRequest): Fields =>
  isPairRequest(request)
    ? found(request)
    : {
        ...found(request),
        ...instrument(request),
        INDUSTRY_TYPE: "E",
        ...(isAchRequest(request) ? achFields(request) : cardFields(request)),
        USER_DATA_1: present(fieldText(request.paymentId, notUserData, 80)),
        USER_DATA_2: present(fieldText(request.transactionId, notUserData, 80))
      }
