import { paymentExample } from "./PaymentExample.ts"

const [transaction] = paymentExample.transactions
const at = paymentExample.created_at
const common = { payment_id: paymentExample.id, transaction_id: transaction.id, created_at: at }

/** What is on record about the captured payment of the other examples. */
export const timelineExample = {
  object: "timeline",
  payment_id: paymentExample.id,
  status: "captured",
  transactions: [
    {
      ...transaction,
      amount_approved: 1999,
      probe_of: null,
      reversal_of: null,
      done_by: null,
      doubt: null,
      late_response_code: null,
      attempts: 0,
      lookups: 0,
      resolved_by: null,
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      settled_at: at
    }
  ],
  ledger_entries: [
    { transaction_id: transaction.id, account: "receivable", currency: "USD", amount: 1999, created_at: at },
    { transaction_id: transaction.id, account: "cardholder", currency: "USD", amount: -1999, created_at: at }
  ],
  events: [
    {
      id: "evt_01m82000000000000000000006",
      object: "event",
      type: "payment.captured",
      ...common,
      data: { status: "captured", amount: 1999, currency: "USD" }
    }
  ]
} as const
