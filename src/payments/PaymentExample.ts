const transaction = {
  id: "txn_01m82000000000000000000002",
  type: "sale",
  status: "approved",
  amount: 1999,
  target_id: null,
  reason: null,
  response_code: "00",
  authorization_code: "912960",
  avs: null,
  cvv: null,
  created_at: "2026-11-22T16:30:00.000Z"
} as const

/** A captured payment as the API shows it. */
export const paymentExample = {
  id: "pay_01m82000000000000000000001",
  object: "payment",
  status: "captured",
  amount: 1999,
  currency: "USD",
  amount_authorized: 1999,
  amount_captured: 1999,
  amount_refunded: 0,
  amount_capturable: 0,
  amount_refundable: 1999,
  card: { brand: "visa", last4: "0002" },
  decline: null,
  customer_id: null,
  order_ref: "1001",
  metadata: {},
  expires_at: null,
  created_at: "2026-11-22T16:30:00.000Z",
  transactions: [transaction]
} as const

/** The same before EPX has said what became of it. */
export const undecidedExample = {
  ...paymentExample,
  status: "unknown",
  amount_authorized: 0,
  amount_captured: 0,
  amount_refundable: 0,
  card: null,
  transactions: [{ ...transaction, status: "unknown", response_code: null, authorization_code: null }]
} as const

/** One that was undone before it settled. */
export const voidedExample = {
  ...paymentExample,
  status: "voided",
  amount_authorized: 0,
  amount_captured: 0,
  amount_refundable: 0,
  transactions: [
    { ...transaction, status: "voided" },
    {
      ...transaction,
      id: "txn_01m82000000000000000000003",
      type: "void",
      target_id: transaction.id,
      authorization_code: null
    }
  ]
} as const

/** One of which a part was given back. */
export const refundedExample = {
  ...paymentExample,
  status: "partially_refunded",
  amount_refunded: 500,
  amount_refundable: 1499,
  transactions: [
    { ...transaction, status: "settled" },
    {
      ...transaction,
      id: "txn_01m82000000000000000000004",
      type: "refund",
      amount: 500,
      target_id: transaction.id,
      reason: "requested_by_customer"
    }
  ]
} as const
