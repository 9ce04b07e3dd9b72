/** What EPX's data dictionary says of one field. */
export interface FieldRule {
  readonly max: number
  readonly min?: number
  readonly pattern?: RegExp
}

const amount: FieldRule = { max: 13, pattern: /^\d{1,10}\.\d{2}$/ }
const digits = (max: number): FieldRule => ({ max, pattern: /^[0-9]*$/ })
const text = (max: number): FieldRule => ({ max })
const key: FieldRule = { max: 16, pattern: /^[0-9A-Z]{1,16}$/ }

const numbered = (prefix: string, rule: FieldRule): { readonly [field: string]: FieldRule } =>
  Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`${prefix}_${index + 1}`, rule]))

/** EPX data dictionary, Server Post: every field that a request may carry. */
export const fieldRules: { readonly [field: string]: FieldRule } = {
  CUST_NBR: key,
  MERCH_NBR: key,
  DBA_NBR: key,
  TERMINAL_NBR: key,
  TRAN_TYPE: text(4),
  TRAN_CODE: text(20),
  AMOUNT: amount,
  BATCH_ID: digits(10),
  TRAN_NBR: digits(10),
  ORIG_BATCH_ID: digits(10),
  ORIG_TRAN_NBR: digits(10),
  ACCOUNT_NBR: { max: 19, pattern: /^[0-9,*]{4,19}$/ },
  ROUTING_NBR: digits(9),
  EXP_DATE: { max: 4, min: 4, pattern: /^(?:[0-9]{2}(?:0[1-9]|1[0-2])|0000)$/ },
  CVV2: { max: 4, pattern: /^[0-9]{3,4}$/ },
  // Real BRICs have 19 characters; the dictionary allows 20.
  ORIG_AUTH_GUID: { max: 20, min: 19, pattern: /^[A-Z0-9*]*$/ },
  AUTH_GUID: text(20),
  CARD_ENT_METH: text(1),
  INDUSTRY_TYPE: { max: 1, pattern: /^[EMP]$/ },
  CARD_ID: text(1),
  FIRST_NAME: text(25),
  LAST_NAME: text(25),
  ADDRESS: { max: 30, pattern: /^[a-zA-Z0-9/.\-_,#'&+\s\xc0-\xff]*$/ },
  CITY: { max: 25, pattern: /^[a-zA-Z0-9/.\-_,#'&+\s\xc0-\xff]*$/ },
  STATE: { max: 3, pattern: /^[a-zA-Z0-9/.\-_,#'&+\s]*$/ },
  ZIP_CODE: { max: 10, pattern: /^[A-Za-z0-9\-\s]*$/ },
  PHONE_HM: text(10),
  PHONE_WK: text(10),
  PHONE_CELL: text(10),
  INVOICE_NBR: text(25),
  ORDER_NBR: text(25),
  FOLIO_NBR: text(25),
  RENTAL_NBR: text(25),
  SERVER_OPR: text(25),
  REFERENCE_NBR: text(25),
  ...numbered("USER_DATA", text(80)),
  SOFT_DESCRIPTOR: text(40),
  SOFT_DESCRIPTOR_2: text(40),
  TAX_AMT: amount,
  TIP_AMT: amount,
  CONVENIENCE_FEE: amount,
  TAX_EXEMPT: { max: 1, pattern: /^[NY]$/ },
  CASH_BK_AMT: amount,
  TRAN_FEE: amount,
  CURRENCY_CODE: digits(3),
  STD_ENTRY_CLASS: { max: 3, pattern: /^(?:ARC|CIE|PPD|TEL|WEB|CCD|CTX|DNE|POP|RCK)$/ },
  RECV_NAME: text(22),
  CHECK_NBR: digits(15),
  MICR_DATA: text(80),
  TRACK_DATA: text(200),
  ...numbered("ADDENDA", text(80)),
  SAME_DAY_ACH: { max: 1, pattern: /^[NY]$/ },
  ACI: text(2),
  ACI_EXT: text(2),
  COF_PERIOD: { max: 2, pattern: /^(?:0|[1-9]|1[0-9]|2[0-4])?$/ },
  ORIG_AUTH_AMOUNT: { max: 13, pattern: /^(?:[0-9]{1,12}\.[0-9]{0,4}|[0-9]{0,12}\.[0-9]{1,4})$/ },
  ORIG_AUTH_TRAN_IDENT: { max: 20, pattern: /^[A-Z0-9]*$/ },
  AUTH_CODE: { max: 6, pattern: /^[0-9A-Z]{1,6}$/ },
  AUTH_SOURCE: text(5),
  VERBOSE_RESPONSE: { max: 1, pattern: /^[YN]$/ },
  DEVICE_ID: { max: 40, pattern: /^[a-zA-Z0-9\-.]*$/ },
  TLV_SETS: text(4000),
  MAC: text(200)
}

/** Fields that are never kept, shown or echoed. */
export const secretFields: ReadonlySet<string> = new Set(["ACCOUNT_NBR", "CVV2", "TRACK_DATA", "MICR_DATA", "MAC"])

/** Fields that EPX keeps with a transaction and shows again, or hands on to a storage BRIC. */
export const keptFields: ReadonlySet<string> = new Set([
  "INVOICE_NBR",
  "ORDER_NBR",
  "ADDRESS",
  "ZIP_CODE",
  ...Array.from({ length: 10 }, (_, index) => `USER_DATA_${index + 1}`)
])

/** Fields that hold a BRIC. */
export const bricFields: ReadonlySet<string> = new Set(["ORIG_AUTH_GUID", "AUTH_GUID"])
