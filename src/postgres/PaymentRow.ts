import type { PgClient } from "@effect/sql-pg"
import { DateTime, Schema } from "effect"
import { Brand } from "../domain/Card.ts"
import { Decline } from "../domain/Decline.ts"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import { Amount, Currency, Total } from "../domain/Money.ts"
import { Metadata, type Payment, PaymentStatus, TransactionView } from "../domain/Payment.ts"
import { Timestamp } from "../domain/Timestamp.ts"

/** A payment and its calls to EPX as one row; select it with `paymentColumns`. */
export const PaymentRow = Schema.Struct({
  id: PaymentIds.Column,
  status: PaymentStatus,
  amount: Amount,
  currency: Currency,
  authorized: Total,
  captured: Total,
  refunded: Total,
  capturable: Total,
  refundable: Total,
  card_brand: Schema.NullOr(Brand),
  card_last4: Schema.NullOr(Schema.String),
  decline: Schema.NullOr(Decline),
  customer_id: Schema.NullOr(Schema.String),
  order_ref: Schema.NullOr(Schema.String),
  metadata: Metadata,
  expires_at: Schema.NullOr(Schema.DateTimeUtcFromDate),
  created_at: Schema.DateTimeUtcFromDate,
  transactions: Schema.Array(
    Schema.Struct({
      ...TransactionView.fields,
      id: TransactionIds.Column,
      target_id: Schema.NullOr(TransactionIds.Column),
      created_at: Timestamp
    })
  )
})
export type PaymentRow = typeof PaymentRow.Type

/** Of the payment `p`, with the steps of its reversals, which change what is shown of it and not its row. */
export const paymentVersion = `p.version + (
      SELECT coalesce(sum(CASE r.status WHEN 'submitting' THEN 1
        WHEN 'unknown' THEN 2 + (r.response_code IS NOT NULL)::int4 ELSE 4 END), 0)::int4
      FROM transactions r WHERE r.payment_id = p.id AND r.type = 'reversal'
    )`

const of = (relation: string, ...columns: ReadonlyArray<string>) =>
  columns.map((column) => `${relation}.${column}`).join(", ")

const paymentColumnsOf = (relation: string) =>
  of(
    relation,
    ...["id", "status", "amount", "currency", "authorized", "captured", "refunded", "capturable", "refundable"],
    ...["card_brand", "card_last4", "decline", "customer_id", "order_ref", "metadata", "expires_at", "created_at"]
  )

const columns = { p: paymentColumnsOf("p"), payments: paymentColumnsOf("payments") }

/** Columns of `PaymentRow` but its transactions, from a relation of this name. */
export const paymentColumns = (sql: PgClient.PgClient, relation: keyof typeof columns = "p") =>
  sql.literal(columns[relation])

/**
 * The transactions of the payment `p` that a merchant sees: probes find out what became of others, and move nothing.
 */
export const transactionsOf = (sql: PgClient.PgClient) => sql`(
    SELECT jsonb_agg(${transactionObject(sql)} ORDER BY t.id) FROM transactions t
    WHERE t.payment_id = p.id AND t.probe_of IS NULL
  ) AS transactions`

/** One transaction of `PaymentRow`, from a relation named `t`. */
export const transactionObject = (sql: PgClient.PgClient) =>
  sql.literal(
    `jsonb_build_object('id', t.id, 'type', t.type, 'status', t.status, 'amount', t.amount,
       'target_id', t.target_id, 'reason', t.reason, 'response_code', t.response_code,
       'authorization_code', t.authorization_code, 'avs', t.avs, 'cvv', t.cvv, 'created_at', t.created_at)`
  )

const changedColumnsOf = (relation: string) =>
  of(
    relation,
    ...["id", "payment_id", "merchant_id", "type", "status", "amount", "target_id", "reason", "response_code"],
    ...["authorization_code", "avs", "cvv", "idempotency_key", "created_at"]
  )

const changed = { transactions: changedColumnsOf("transactions"), t: changedColumnsOf("t") }

/** What a statement that changes transactions returns of them: all that its other parts read. */
export const changedColumns = (sql: PgClient.PgClient, relation: keyof typeof changed = "transactions") =>
  sql.literal(changed[relation])

/**
 * As `transactionsOf`, in a statement that changes some of them: it does not see that, so what it changed, in relations
 * of `changedColumns` with one row each, takes the place of what it sees.
 */
export const transactionsAfter = (sql: PgClient.PgClient, changed: ReadonlyArray<string>) => sql`(
    SELECT jsonb_agg(${transactionObject(sql)} ORDER BY t.id) FROM (
      ${sql.literal(changed.map((relation) => `SELECT * FROM ${relation} UNION ALL`).join(" "))}
      SELECT ${changedColumns(sql)} FROM transactions
      WHERE transactions.payment_id = p.id AND transactions.probe_of IS NULL
        ${sql.literal(changed.map((relation) => `AND transactions.id <> (SELECT id FROM ${relation})`).join(" "))}
    ) AS t
  )`

type RawTransaction = Omit<TransactionView, "id" | "target_id" | "created_at"> & {
  readonly id: string
  readonly target_id: string | null
  readonly created_at: string
}

/** As the driver gives it. */
interface RawPaymentRow extends Omit<PaymentRow, "id" | "expires_at" | "created_at" | "transactions"> {
  readonly id: string
  readonly expires_at: Date | null
  readonly created_at: Date
  readonly transactions: ReadonlyArray<RawTransaction>
}

/**
 * What `PaymentRow` makes of a row, for a fifth of the time. It looks at no value: what the columns may hold is said by
 * their domains, and a test compares the two.
 */
export const paymentOf = (row: unknown): Payment => {
  // cast: the statement selects these columns.
  const raw = row as RawPaymentRow
  const { created_at, decline, expires_at, id, transactions } = raw
  return paymentFrom(raw, {
    id: PaymentIds.fromUuid(id),
    decline: decline === null ? null : declineOf(decline),
    expires_at: expires_at === null ? null : expires_at.toISOString(),
    created_at: created_at.toISOString(),
    transactions: transactions.map(transactionOf)
  })
}

// JSON comes out of Postgres with its members in another order.
const declineOf = ({ category, code, message, retryable }: Decline): Decline => ({ code, category, message, retryable })

const transactionOf = (raw: RawTransaction): TransactionView => ({
  id: TransactionIds.fromUuid(raw.id),
  type: raw.type,
  status: raw.status,
  amount: raw.amount,
  target_id: raw.target_id === null ? null : TransactionIds.fromUuid(raw.target_id),
  reason: raw.reason,
  response_code: raw.response_code,
  authorization_code: raw.authorization_code,
  avs: raw.avs,
  cvv: raw.cvv,
  created_at: timestampIn(raw.created_at)
})

/** What JSON of Postgres says, to the millisecond. Nine in ten have six digits of a second. */
const timestampIn = (text: string): string =>
  text.length === 32 && text[4] === "-" && text.endsWith("+00:00")
    ? `${text.slice(0, 23)}Z`
    : DateTime.formatIso(DateTime.makeUnsafe(text))

export const toPayment = (row: PaymentRow): Payment =>
  paymentFrom(row, {
    ...row,
    expires_at: row.expires_at === null ? null : DateTime.formatIso(row.expires_at),
    created_at: DateTime.formatIso(row.created_at),
    transactions: row.transactions.map((each) => ({ ...each, created_at: DateTime.formatIso(each.created_at) }))
  })

/** Members that are something else in the row. */
type Decoded = "id" | "decline" | "expires_at" | "created_at" | "transactions"

const paymentFrom = (row: Omit<PaymentRow, Decoded>, decoded: Pick<Payment, Decoded>): Payment => ({
  id: decoded.id,
  object: "payment",
  status: row.status,
  amount: row.amount,
  currency: row.currency,
  amount_authorized: row.authorized,
  amount_captured: row.captured,
  amount_refunded: row.refunded,
  amount_capturable: row.capturable,
  amount_refundable: row.refundable,
  card: row.card_brand === null ? null : { brand: row.card_brand, last4: row.card_last4 },
  decline: decoded.decline,
  customer_id: row.customer_id,
  order_ref: row.order_ref,
  metadata: row.metadata,
  expires_at: decoded.expires_at,
  created_at: decoded.created_at,
  transactions: decoded.transactions
})
