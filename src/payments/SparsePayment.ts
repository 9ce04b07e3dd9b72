import { DateTime } from "effect"
import type { Payment, PaymentField, SparsePayment } from "../domain/Payment.ts"
import { paymentOf } from "../postgres/PaymentRow.ts"

/** The columns of the payment `p` that each field is made of; its transactions come from another table. */
const columns: Readonly<Record<keyof Payment, ReadonlyArray<string>>> = {
  id: [],
  object: [],
  // With a column that stands in no index: for the status alone Postgres would read the index by status of a vacuumed
  // table, without the table but in another order, and sort all that the merchant has.
  status: ["p.status", "p.version"],
  amount: ["p.amount"],
  currency: ["p.currency"],
  amount_authorized: ["p.authorized"],
  amount_captured: ["p.captured"],
  amount_refunded: ["p.refunded"],
  amount_capturable: ["p.capturable"],
  amount_refundable: ["p.refundable"],
  card: ["p.card_brand", "p.card_last4"],
  decline: ["p.decline"],
  customer_id: ["p.customer_id"],
  order_ref: ["p.order_ref"],
  metadata: ["p.metadata"],
  expires_at: ["p.expires_at"],
  created_at: ["p.created_at"],
  transactions: []
}

/** What has to be selected for them; `id` always is. */
export const columnsOf = (fields: ReadonlySet<PaymentField>): string =>
  ["p.id", ...Object.entries(columns).flatMap(([name, own]) => (isOf(fields, name) ? own : []))].join(", ")

/** What a row of those columns says. */
export const sparseOf = (row: object, fields: ReadonlySet<PaymentField>): SparsePayment => {
  // What was not selected is left out again, whatever stands in its place meanwhile.
  const { id, ...rest } = paymentOf({ ...unselected, ...row })
  return { id, ...Object.fromEntries(Object.entries(rest).filter(([name]) => isOf(fields, name))) }
}

const isOf = (fields: ReadonlySet<string>, name: string): boolean => fields.has(name)

const unselected = {
  card_brand: null,
  decline: null,
  expires_at: null,
  created_at: DateTime.toDateUtc(DateTime.makeUnsafe(0)),
  transactions: []
}
