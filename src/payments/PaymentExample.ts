const transaction = {
  id: "txn_01m82000000000000000000002",
  type: "sale",
  status: "approved",
  amount: 1999,
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
