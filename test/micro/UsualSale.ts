import { Redacted } from "effect"
import { Amount } from "../../src/domain/Money.ts"
import type { CardRequest } from "../../src/epx/Request.ts"
import { cardRequests } from "../epx/Examples.ts"

/** A sale as most are: with a reference of its order and a little metadata. */
export const usualSale = {
  amount: 1999,
  currency: "USD",
  source: { bric: "09LTESTVISA00000001" },
  customer_id: "customer-1001",
  order_ref: "1001",
  metadata: { cart: "spring-7", channel: "web" }
} as const

/** Its row as Postgres returns it once it is captured; the answer to the API is made of it. */
export const paymentRow = (id: string) => ({
  id,
  status: "captured",
  amount: usualSale.amount,
  currency: usualSale.currency,
  authorized: usualSale.amount,
  captured: usualSale.amount,
  refunded: 0,
  capturable: 0,
  refundable: usualSale.amount,
  card_brand: "visa",
  card_last4: "0002",
  decline: null,
  customer_id: usualSale.customer_id,
  order_ref: usualSale.order_ref,
  metadata: usualSale.metadata,
  expires_at: null,
  created_at: new Date("2026-11-22T16:30:00.125Z"),
  transactions: [
    {
      id: "01a2042c-fd7c-766c-972a-9e5d917959a1",
      type: "sale",
      status: "approved",
      amount: usualSale.amount,
      target_id: null,
      reason: null,
      response_code: "00",
      authorization_code: "061001",
      avs: null,
      cvv: null,
      // As Postgres writes it in JSON.
      created_at: "2026-11-22T16:30:00.125482+00:00"
    }
  ]
})

/** What is sent to EPX for it. */
export const epxRequest = {
  ...cardRequests.CCE1,
  amount: Amount.make(usualSale.amount),
  bric: Redacted.make(usualSale.source.bric),
  orderRef: usualSale.order_ref
} as const satisfies CardRequest
