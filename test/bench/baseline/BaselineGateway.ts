import type { Pool } from "undici"

/** EPX's four-part key. */
export interface FourPartKey {
  readonly cust: string
  readonly merch: string
  readonly dba: string
  readonly terminal: string
}

export interface GatewaySale {
  readonly amount: number
  readonly batchId: string
  readonly tranNbr: string
  readonly bric: string
  readonly paymentId: string
  readonly transactionId: string
}

export interface GatewayAnswer {
  readonly code: string
  readonly authorizationCode: string | null
  readonly bric: string | null
  readonly brand: string | null
  readonly last4: string | null
}

/** One CCE1. Rejects when there is no readable answer to this very request. */
export const sendSale = async (pool: Pool, key: FourPartKey, sale: GatewaySale): Promise<GatewayAnswer> => {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      CUST_NBR: key.cust,
      MERCH_NBR: key.merch,
      DBA_NBR: key.dba,
      TERMINAL_NBR: key.terminal,
      TRAN_TYPE: "CCE1",
      AMOUNT: (sale.amount / 100).toFixed(2),
      BATCH_ID: sale.batchId,
      TRAN_NBR: sale.tranNbr,
      ORIG_AUTH_GUID: sale.bric,
      CARD_ENT_METH: "Z",
      INDUSTRY_TYPE: "E",
      USER_DATA_1: sale.paymentId,
      USER_DATA_2: sale.transactionId
    }).toString()
  })
  const fields = readFields(await body.text())
  const code = fields.get("AUTH_RESP")
  if (statusCode !== 200 || code === undefined || fields.get("TRAN_NBR") !== sale.tranNbr) throw new Error("no answer")
  return {
    code,
    authorizationCode: fields.get("AUTH_CODE") ?? null,
    bric: fields.get("AUTH_GUID") ?? null,
    brand: brands.get(fields.get("AUTH_CARD_TYPE") ?? "") ?? null,
    last4: fields.get("AUTH_MASKED_ACCOUNT_NBR")?.slice(-4) ?? null
  }
}

const brands = new Map([
  ["V", "visa"],
  ["M", "mastercard"],
  ["S", "amex"],
  ["R", "discover"]
])

const readFields = (xml: string): Map<string, string> => {
  const fields = new Map<string, string>()
  for (const [, name = "", value = ""] of xml.matchAll(/<FIELD KEY="([A-Z0-9_]+)">([^<]*)</g)) fields.set(name, value)
  return fields
}
