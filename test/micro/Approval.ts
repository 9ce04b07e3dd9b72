/** EPX's answer where it approves a sale, as the simulator gives it; what is empty repeats the request. */
const fields = {
  MSG_VERSION: "003",
  CUST_NBR: "",
  MERCH_NBR: "",
  DBA_NBR: "",
  TERMINAL_NBR: "",
  TRAN_TYPE: "",
  BATCH_ID: "",
  TRAN_NBR: "",
  LOCAL_DATE: "112226",
  LOCAL_TIME: "113000",
  AUTH_GUID: "09LTESTSALE00000002",
  AUTH_RESP: "00",
  AUTH_CODE: "061001",
  AUTH_RESP_TEXT: "APPROVAL 061001",
  AUTH_CARD_TYPE: "V",
  AUTH_TRAN_DATE_GMT: "11/22/2026 04:30:00 PM",
  AUTH_AMOUNT_REQUESTED: "",
  AUTH_AMOUNT: "",
  AUTH_CURRENCY_CODE: "840",
  NETWORK_RESPONSE: "00",
  AUTH_CARD_COUNTRY_CODE: "840",
  AUTH_CARD_CURRENCY_CODE: "840",
  AUTH_CARD_B: "D",
  AUTH_CARD_C: "F",
  AUTH_CARD_E: "N",
  AUTH_CARD_F: "Y",
  AUTH_CARD_G: "N",
  AUTH_CARD_I: "Y",
  AUTH_MASKED_ACCOUNT_NBR: "************0002",
  AUTH_CARD_L: "P",
  ORIG_TRAN_TYPE: "CCE1",
  AUTH_TRAN_IDENT: "000000000000101",
  AUTH_PAR: "V4000000000000000000000000001"
}

/** The answer to this form. */
export const approval = (form: URLSearchParams): string => {
  const written = Object.entries(fields).map(([name, value]) => {
    const repeated = form.get(name.startsWith("AUTH_AMOUNT") ? "AMOUNT" : name)
    return `<FIELD KEY="${name}">${value === "" ? repeated : value}</FIELD>`
  })
  return `<RESPONSE><FIELDS>${written.join("")}</FIELDS></RESPONSE>`
}
