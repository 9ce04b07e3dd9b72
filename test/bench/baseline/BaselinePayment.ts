import type { PaymentRow } from "./BaselineStore.ts"

export interface SaleBody {
  readonly amount: number
  readonly source: { readonly bric: string }
  readonly customer_id?: string
  readonly order_ref?: string
  readonly metadata?: Readonly<Record<string, string>>
}

const nullableString = { type: ["string", "null"] }

const payment = {
  type: "object",
  properties: {
    id: { type: "string" },
    object: { type: "string" },
    status: { type: "string" },
    amount: { type: "integer" },
    currency: { type: "string" },
    amount_authorized: { type: "integer" },
    amount_captured: { type: "integer" },
    amount_refunded: { type: "integer" },
    amount_capturable: { type: "integer" },
    amount_refundable: { type: "integer" },
    card: { type: "object", properties: { brand: nullableString, last4: nullableString } },
    customer_id: nullableString,
    order_ref: nullableString,
    metadata: { type: "object", additionalProperties: { type: "string" } },
    created_at: { type: "string" },
    transactions: {
      type: "array",
      items: {
        type: "object",
        properties: {
          id: { type: "string" },
          type: { type: "string" },
          status: { type: "string" },
          amount: { type: "integer" },
          response_code: nullableString,
          authorization_code: nullableString
        }
      }
    }
  }
}

export const saleSchema = {
  headers: {
    type: "object",
    required: ["idempotency-key"],
    properties: { "idempotency-key": { type: "string", minLength: 1, maxLength: 255 } }
  },
  body: {
    type: "object",
    additionalProperties: false,
    required: ["amount", "currency", "capture", "source"],
    properties: {
      amount: { type: "integer", minimum: 1, maximum: 999_999_999 },
      currency: { const: "USD" },
      capture: { const: true },
      source: {
        type: "object",
        additionalProperties: false,
        required: ["bric"],
        properties: { bric: { type: "string", pattern: "^[A-Z0-9]{19}$" } }
      },
      customer_id: { type: "string", maxLength: 200 },
      order_ref: { type: "string", maxLength: 200 },
      metadata: { type: "object", additionalProperties: { type: "string", maxLength: 500 } }
    }
  },
  response: { 201: payment, 202: payment }
}

export const paymentSchema = {
  params: { type: "object", properties: { id: { type: "string", format: "uuid" } } },
  response: { 200: payment }
}

/** The fields that the service shows. */
export const toPayment = (row: PaymentRow) => ({
  id: row.id,
  object: "payment",
  status: row.status,
  amount: row.amount,
  currency: row.currency,
  amount_authorized: row.authorized,
  amount_captured: row.captured,
  amount_refunded: 0,
  amount_capturable: row.authorized - row.captured,
  amount_refundable: row.captured,
  card: { brand: row.card_brand, last4: row.card_last4 },
  customer_id: row.customer_id,
  order_ref: row.order_ref,
  metadata: row.metadata,
  created_at: row.created_at.toISOString(),
  transactions: [
    {
      id: row.transaction_id,
      type: "sale",
      status: row.transaction_status,
      amount: row.amount,
      response_code: row.response_code,
      authorization_code: row.authorization_code
    }
  ]
})
