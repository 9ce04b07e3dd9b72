import { readFileSync } from "node:fs"
import type { Pool } from "pg"
import type { GatewayAnswer } from "./BaselineGateway.ts"

/** A sale as it is recorded before the gateway hears of it. */
export interface Claim {
  readonly paymentId: string
  readonly transactionId: string
  readonly merchantId: string
  readonly merchNbr: string
  readonly batchId: string
  readonly amount: number
  readonly idempotencyKey: string
  readonly fingerprint: Buffer
  readonly customerId: string | null
  readonly orderRef: string | null
  readonly metadata: string
}

export interface Settlement {
  readonly transactionId: string
  readonly eventId: string
  /** Of the transaction and of the payment. */
  readonly statuses: readonly [string, string]
  readonly captured: number
  readonly answer: GatewayAnswer | null
  readonly sealedBric: Buffer | null
}

export interface PaymentRow {
  readonly id: string
  readonly status: string
  readonly currency: string
  readonly amount: number
  readonly authorized: number
  readonly captured: number
  readonly card_brand: string | null
  readonly card_last4: string | null
  readonly customer_id: string | null
  readonly order_ref: string | null
  readonly metadata: unknown
  readonly created_at: Date
  readonly transaction_id: string
  readonly transaction_status: string
  readonly response_code: string | null
  readonly authorization_code: string | null
  readonly fingerprint: Buffer
}

export const createSchema = (pool: Pool) => pool.query(readFileSync(new URL("./baseline.sql", import.meta.url), "utf8"))

const columns = `p.id, p.status, p.currency, p.amount, p.authorized, p.captured, p.card_brand, p.card_last4, p.customer_id,
  p.order_ref, p.metadata, p.created_at, t.id AS transaction_id, t.status AS transaction_status, t.response_code,
  t.authorization_code, t.fingerprint`

/** The TRAN_NBR, or undefined when the idempotency key has been used. */
export const claim = async (pool: Pool, c: Claim): Promise<string | undefined> => {
  const { rows } = await pool.query({
    name: "claim",
    text: `WITH t AS (
        INSERT INTO transactions (id, payment_id, merchant_id, type, status, amount, merch_nbr, batch_id, tran_nbr,
          idempotency_key, fingerprint)
        VALUES ($1, $2, $3, 'sale', 'submitting', $4, $5, $6, nextval('tran_nbr'), $7, $8)
        ON CONFLICT (merchant_id, idempotency_key) DO NOTHING
        RETURNING tran_nbr
      ), p AS (
        INSERT INTO payments (id, merchant_id, status, currency, amount, customer_id, order_ref, metadata)
        SELECT $2, $3, 'processing', 'USD', $4, $9, $10, $11 FROM t
      )
      SELECT tran_nbr FROM t`,
    values: [
      c.transactionId,
      c.paymentId,
      c.merchantId,
      c.amount,
      c.merchNbr,
      c.batchId,
      c.idempotencyKey,
      c.fingerprint,
      c.customerId,
      c.orderRef,
      c.metadata
    ]
  })
  return rows[0] === undefined ? undefined : String(rows[0].tran_nbr)
}

/** The payment as it stands afterwards, or undefined when the transaction was decided before. */
export const settle = async (pool: Pool, s: Settlement): Promise<PaymentRow | undefined> => {
  const { rows } = await pool.query({
    name: "settle",
    text: `WITH t AS (
        UPDATE transactions SET status = $2, response_code = $3, authorization_code = $4, bric_sealed = $5, settled_at = now()
        WHERE id = $1 AND status = 'submitting'
        RETURNING *
      ), p AS (
        UPDATE payments SET status = $6, authorized = $7, captured = $7, card_brand = $8, card_last4 = $9, updated_at = now()
        FROM t WHERE payments.id = t.payment_id
        RETURNING payments.*
      ), e AS (
        INSERT INTO events (id, merchant_id, type, payment_id, payload)
        SELECT $10, p.merchant_id, 'payment.' || p.status, p.id,
          jsonb_build_object('id', p.id, 'status', p.status, 'amount', p.amount, 'captured', p.captured)
        FROM p
      )
      SELECT ${columns} FROM p CROSS JOIN t`,
    values: [
      s.transactionId,
      s.statuses[0],
      s.answer?.code ?? null,
      s.answer?.authorizationCode ?? null,
      s.sealedBric,
      s.statuses[1],
      s.captured,
      s.answer?.brand ?? null,
      s.answer?.last4 ?? null,
      s.eventId
    ]
  })
  return rows[0] as PaymentRow | undefined
}

export const findByKey = async (pool: Pool, merchantId: string, key: string): Promise<PaymentRow | undefined> => {
  const { rows } = await pool.query({
    name: "find_by_key",
    text: `SELECT ${columns} FROM transactions t JOIN payments p ON p.id = t.payment_id
      WHERE t.merchant_id = $1 AND t.idempotency_key = $2`,
    values: [merchantId, key]
  })
  return rows[0] as PaymentRow | undefined
}

export const findById = async (pool: Pool, merchantId: string, id: string): Promise<PaymentRow | undefined> => {
  const { rows } = await pool.query({
    name: "find_by_id",
    text: `SELECT ${columns} FROM payments p JOIN transactions t ON t.payment_id = p.id WHERE p.id = $2 AND p.merchant_id = $1`,
    values: [merchantId, id]
  })
  return rows[0] as PaymentRow | undefined
}
