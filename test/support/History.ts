import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type MerchantId, MerchantIds } from "../../src/domain/Ids.ts"

/** Ids that grow with their number, as those of the service grow with time. */
const numbered = (kind: string) => `('019ab000-0000-7${kind}0-8000-' || lpad(to_hex(n), 12, '0'))::uuid`

/** So many captured payments of one merchant: a sale and two events each. The tables are analysed after it. */
export const seedHistory = Effect.fnUntraced(function* (kind: string, payments: number) {
  const sql = yield* SqlClient.SqlClient
  const merchant = randomUUID()
  const terminal = randomUUID()
  const [pay = sql``, txn = sql``] = [numbered(`${kind}1`), numbered(`${kind}2`)].map((id) => sql.literal(id))
  const series = sql`generate_series(1, ${payments}::int4) AS n`
  yield* sql`INSERT INTO merchants (id, name) VALUES (${merchant}::uuid, 'Shop')`
  yield* sql`INSERT INTO terminals (id, merchant_id, environment, cust_nbr, merch_nbr, dba_nbr, terminal_nbr,
      settlement_zone, settlement_cutoff)
    VALUES (${terminal}::uuid, ${merchant}::uuid, 'test', '7000', ${kind}, '1', '1', 'Etc/UTC', '23:00')`
  yield* sql`INSERT INTO payments (id, merchant_id, environment, type, first_status, currency, amount, authorized,
      captured, calls, metadata)
    SELECT ${pay}, ${merchant}::uuid, 'test', 'sale', 'settled', 'USD', 100, 100, 100, 0, '{}' FROM ${series}`
  yield* sql`INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
      merch_nbr, batch_id, tran_nbr, send_by, lease_until, bric_sealed, bric_key_id,
      bric_fingerprint)
    SELECT ${txn}, ${pay}, ${merchant}::uuid, 'test', ${terminal}::uuid, 'sale', 'settled', 100, ${kind}, '20260115',
      n, now(), now(), '\\x00', 'test', decode(repeat('00', 32), 'hex') FROM ${series}`
  for (const [type, offset] of [
    ["payment.captured", 0],
    ["payment.settled", payments]
  ] as const) {
    yield* sql`INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload)
      SELECT ${sql.literal(numbered(`${kind}3`).replace("to_hex(n)", `to_hex(n + ${offset})`))}, ${merchant}::uuid,
        'test', ${type}, ${pay}, ${txn}, '{"status": "captured", "amount": 100, "currency": "USD"}' FROM ${series}`
  }
  yield* sql`ANALYZE merchants, terminals, payments, transactions, events`
  const id: MerchantId = MerchantIds.fromUuid(merchant)
  return { merchantId: id, environment: "test" as const }
})
