const at = "2026-11-22T16:30:00.000Z"

/** A refund that nobody may repeat, as it is on the wire. */
export const exceptionExample = {
  id: "txn_01m82000000000000000000004",
  object: "exception",
  kind: "unknown_outcome",
  outcomes: ["approved", "declined", "failed"],
  environment: "test",
  merchant_id: "mer_01m82000000000000000000004",
  merchant_name: "Shop",
  terminal: {
    id: "ter_01m82000000000000000000003",
    cust_nbr: "7000",
    merch_nbr: "700010",
    dba_nbr: "1",
    terminal_nbr: "1"
  },
  payment_id: "pay_01m82000000000000000000001",
  payment_status: "unknown",
  undo: null,
  type: "refund",
  status: "unknown",
  amount: 500,
  currency: "USD",
  batch_id: "20261122",
  tran_nbr: 4711,
  target_id: "txn_01m82000000000000000000002",
  reason: "requested_by_customer",
  doubt: "no_answer: no answer within 45 seconds",
  response_code: null,
  network_response: null,
  late_response_code: null,
  has_bric: false,
  attempts: [],
  lookups: 0,
  age_seconds: 300,
  created_at: at
} as const

const transaction = {
  type: "sale",
  status: "settled",
  amount: 1999,
  target_id: null,
  reason: null,
  response_code: "00",
  authorization_code: "912960",
  avs: null,
  cvv: null,
  created_at: at
} as const

/** What became of it. */
export const resolvedExample = {
  object: "resolution",
  transaction_id: exceptionExample.id,
  outcome: "approved",
  audit_event_id: "aud_01m82000000000000000000007",
  payment: {
    id: exceptionExample.payment_id,
    object: "payment",
    status: "partially_refunded",
    amount: 1999,
    currency: "USD",
    amount_authorized: 1999,
    amount_captured: 1999,
    amount_refunded: 500,
    amount_capturable: 0,
    amount_refundable: 1499,
    card: { brand: "visa", last4: "0002" },
    decline: null,
    customer_id: null,
    order_ref: "1001",
    metadata: {},
    expires_at: null,
    created_at: at,
    transactions: [
      { ...transaction, id: exceptionExample.target_id },
      {
        ...transaction,
        id: exceptionExample.id,
        type: "refund",
        status: "approved",
        amount: 500,
        target_id: exceptionExample.target_id,
        reason: exceptionExample.reason,
        authorization_code: null
      }
    ]
  }
} as const
