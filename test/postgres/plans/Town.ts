import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { ApiKeyIds, AuditEventIds, EventIds, MerchantIds, PaymentIds, TransactionIds } from "../../../src/domain/Ids.ts"

/** Ids grow with their number, as those of the service do with time. */
const uuid = (kind: string, number: number) => `019ab000-0000-7${kind}0-8000-${number.toString(16).padStart(12, "0")}`
const idIn = (kind: string, number: string) =>
  `('${uuid(kind, 0).slice(0, 24)}' || lpad(to_hex(${number}), 12, '0'))::uuid`

/** By their number, from 1 on. */
export const idOf = {
  merchant: (number: number) => MerchantIds.fromUuid(uuid("01", number)),
  apiKey: (number: number) => ApiKeyIds.fromUuid(uuid("03", number)),
  payment: (number: number) => PaymentIds.fromUuid(uuid("10", number)),
  /** The first of a payment. */
  transaction: (number: number) => TransactionIds.fromUuid(uuid("20", number)),
  event: (number: number) => EventIds.fromUuid(uuid("30", number)),
  auditEvent: (number: number) => AuditEventIds.fromUuid(uuid("40", number))
}

/** The first five have payments: 60, 25 and 10 of a hundred, nearly all of the rest, and a thousandth. */
export const tenantOf = (merchant: number) => ({ merchantId: idOf.merchant(merchant), environment: "test" as const })

/** At most so many are open, of what a sweep or a person has to end. */
export const open = { undone: 150, unknown: 3_300, late: 850, tokenless: 400, lapsed: 4_800, blocked: 50 }

/** Even and the same each time, but not in the order of time. */
const chance = (salt: number, of: number) => `(hashint4(n + ${salt}) & 2147483647) % ${of}`

/**
 * What payments have come to, and how many of a thousand each: type, first status, captured, refunded, calls, doubts.
 * Of each there are more than fit on a page, and of most that something is due for more than one sweep takes.
 */
const fates = [
  ["settled", 540, "sale", "settled", 100, 0, 0, 0],
  ["open", 100, "sale", "approved", 100, 0, 0, 0],
  ["declined", 100, "sale", "declined", 0, 0, 0, 0],
  ["authorized", 80, "authorization", "approved", 0, 0, 0, 0],
  ["captured", 30, "authorization", "approved", 100, 0, 0, 0],
  ["voided", 20, "sale", "voided", 0, 0, 0, 0],
  ["expired", 10, "authorization", "expired", 0, 0, 0, 0],
  ["failed", 10, "sale", "failed", 0, 0, 0, 0],
  ["reversed", 19, "sale", "reversed", 0, 0, 0, 0],
  ["partly refunded", 20, "sale", "settled", 100, 40, 0, 0],
  ["refunded", 30, "sale", "settled", 100, 100, 0, 0],
  ["unknown", 30, "sale", "unknown", 0, 0, 0, 1],
  ["submitting", 10, "sale", "submitting", 0, 0, 1, 0],
  ["undone", 1, "sale", "approved", 100, 0, 0, 0]
] as const

let behind = 0
const fateRows = fates.map(([name, share, type, status, ...numbers]) => {
  behind += share
  return `('${name}', ${behind - share}, ${behind}, '${type}', '${status}', ${numbers.join(", ")})`
})

const bric = ["'\\x00'::bytea", "'test'", "decode(repeat('00', 32), 'hex')"]
const digest = (text: string) => `sha256((${text})::text::bytea)`

const forEachIndex = (text: string) =>
  `DO $$ DECLARE one record; BEGIN FOR one IN SELECT * FROM indexes LOOP EXECUTE ${text}; END LOOP; END $$`

const ofTables = "schemaname = 'public' AND NOT indexname = ANY (SELECT conname FROM pg_constraint)"

/** One statement after the other. To build an index afterwards takes less time than to keep it up to date. */
const steps = {
  indexes: `CREATE TEMP TABLE indexes ON COMMIT DROP AS SELECT indexname, indexdef FROM pg_indexes WHERE ${ofTables}`,
  dropped: forEachIndex("'DROP INDEX ' || one.indexname"),
  merchants: `INSERT INTO merchants (id, name)
    SELECT ${idIn("01", "n")}, 'Shop ' || n FROM generate_series(1, 2000) AS n`,
  terminals: `INSERT INTO terminals (id, merchant_id, environment, cust_nbr, merch_nbr, dba_nbr, terminal_nbr,
      settlement_zone, settlement_cutoff)
    SELECT ${idIn("02", "2 * n + is_live")}, ${idIn("01", "n")}, environment, '7000', n, '1', '1', 'Etc/UTC', '23:00'
    FROM generate_series(1, 2000) AS n, (VALUES (0, 'test'), (1, 'live')) AS side (is_live, environment)`,
  keys: `INSERT INTO api_keys (id, merchant_id, environment, name, hash, hint, scopes)
    SELECT ${idIn("03", "n")}, ${idIn("01", "1 + n % 2000")}, 'test', 'Key', ${digest("n")}, 'hint', '{}'
    FROM generate_series(1, 10000) AS n`,
  fates: `CREATE TEMP TABLE fates ON COMMIT DROP AS SELECT * FROM (VALUES ${fateRows.join(", ")})
    AS fate (fate, first, behind, type, status, captured, refunded, calls, doubts)`,
  lives: `CREATE TEMP TABLE lives ON COMMIT DROP AS
    SELECT n, ${idIn("10", "n")} AS payment_id, ${idIn("20", "n")} AS transaction_id,
      ${idIn("01", "merchant")} AS merchant_id, ${idIn("02", "2 * merchant + is_live")} AS terminal_id,
      CASE is_live WHEN 1 THEN 'live' ELSE 'test' END AS environment,
      now() - (100000 - n) * interval '1 minute' AS at, fates.*,
      -- Of most of them a person has said so, or ended it.
      fate = 'settled' AND (n % 20 IN (1, 2) OR n % 200 = 0) AS lacks_token
    FROM (
      SELECT n, ${chance(0, 1000)} AS lot, (${chance(2_000_000, 3)} = 0)::int4 AS is_live,
        CASE WHEN share < 600 THEN 1 WHEN share < 850 THEN 2 WHEN share < 950 THEN 3 WHEN share < 999 THEN 4 ELSE 5 END
          AS merchant
      FROM (SELECT n, ${chance(1_000_000, 1000)} AS share FROM generate_series(1, 100000) AS n) AS drawn
    ) AS drawn JOIN fates ON lot >= first AND lot < behind
    ORDER BY n`,
  payments: `INSERT INTO payments (id, merchant_id, environment, type, first_status, currency, amount, authorized,
      captured, refunded, calls, doubts, decline, undo, metadata, expires_at, created_at, updated_at)
    SELECT payment_id, merchant_id, environment, type, status, 'USD', 100,
      CASE WHEN status IN ('approved', 'settled') THEN 100 ELSE 0 END, captured, refunded, calls, doubts,
      CASE fate WHEN 'declined' THEN '{"code": "51"}'::jsonb END, CASE fate WHEN 'undone' THEN 'avs' END, '{}',
      CASE type WHEN 'authorization' THEN now() + (n % 14 - 7) * interval '1 day' END, at,
      -- What cannot be undone for so long needs a person.
      CASE WHEN fate = 'undone' AND n % 10 > 0 THEN now() - interval '5 minutes' ELSE at END
    FROM lives`,
  transactions: `INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
      merch_nbr, batch_id, tran_nbr, idempotency_key, send_by, lease_until, cutoff_at, next_attempt_at, late_status,
      closed_at, resolved_by, bric_sealed, bric_key_id, bric_fingerprint, created_at)
    SELECT transaction_id, payment_id, merchant_id, environment, terminal_id, type,
      status, 100, '1', '20260115', n, 'key ' || n,
      at, CASE WHEN n % 2 = 0 THEN now() + interval '1 minute' ELSE now() - n % 3600 * interval '1 second' END,
      now() + (n % 48 - 40) * interval '1 hour',
      CASE WHEN fate = 'unknown' AND n % 10 < 5 THEN now() - n % 3600 * interval '1 minute'
        WHEN fate = 'unknown' AND n % 10 < 7 THEN now() + interval '1 minute' END,
      CASE fate WHEN 'failed' THEN 'approved' END,
      CASE WHEN fate = 'failed' AND n % 4 = 0 OR fate = 'settled' AND n % 20 = 1 THEN now() END,
      CASE WHEN fate = 'settled' AND n % 20 = 2 THEN 'operator' END,
      ${bric.map((part) => `CASE WHEN NOT lacks_token THEN ${part} END`).join(", ")},
      -- What could not be voided for long needs a person.
      CASE WHEN fate = 'failed' AND n % 10 > 0 THEN now() - interval '5 minutes' ELSE at END
    FROM lives`,
  followUps: `INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
      target_id, idempotency_key, next_attempt_at, bric_sealed, bric_key_id, bric_fingerprint, created_at)
    SELECT ${idIn("21", "n")}, payment_id, merchant_id, environment, terminal_id,
      CASE fate WHEN 'captured' THEN 'capture' ELSE 'refund' END,
      CASE WHEN fate <> 'open' THEN 'settled' ELSE 'scheduled' END, 40, transaction_id, 'key b' || n,
      CASE WHEN fate = 'open' THEN now() + (n % 60 - 40) * interval '1 hour' END, ${bric.join(", ")}, at
    FROM lives WHERE fate IN ('captured', 'partly refunded', 'refunded') OR fate = 'open' AND n % 4 = 0`,
  reversals: `INSERT INTO transactions (id, payment_id, merchant_id, environment, terminal_id, type, status, amount,
      merch_nbr, batch_id, tran_nbr, reversal_of, send_by, lease_until, created_at)
    SELECT ${idIn("22", "n")}, payment_id, merchant_id, environment, terminal_id, 'reversal',
      CASE fate WHEN 'unknown' THEN 'unknown' ELSE 'approved' END, 100, '1', '20260115', n, transaction_id, at, at, at
    FROM lives WHERE fate IN ('unknown', 'reversed')`,
  events: `INSERT INTO events (id, merchant_id, environment, type, payment_id, transaction_id, payload, created_at)
    SELECT ${idIn("30", "2 * n + part")}, merchant_id, environment,
      CASE WHEN part = 1 THEN 'payment.settled' WHEN fate IN ('partly refunded', 'refunded') THEN 'refund.approved'
        ELSE 'payment.captured' END,
      payment_id, transaction_id, '{"status": "captured", "amount": 100, "currency": "USD"}', at
    FROM lives, generate_series(0, 1) AS part WHERE part = 0 OR n % 2 = 0`,
  entries: `INSERT INTO ledger_entries (payment_id, transaction_id, account, currency, amount, created_at)
    SELECT payment_id, transaction_id, account, 'USD', amount, at
    FROM lives, (VALUES ('cardholder', -100), ('receivable', 100)) AS entry (account, amount) WHERE captured > 0`,
  guards: `INSERT INTO duplicate_guards (merchant_id, fingerprint, payment_id, expires_at)
    SELECT merchant_id, ${digest("n")}, payment_id, now() + (n % 100 - 10) * interval '1 minute'
    FROM lives WHERE n % 2 = 0`,
  limits: `INSERT INTO rate_limits (merchant_id, environment, kind, tokens, granted, refilled_at)
    SELECT ${idIn("01", "n")}, environment, kind, 1, 1, now() - n % 50 * interval '1 hour'
    FROM generate_series(1, 2000) AS n, (VALUES ('test'), ('live')) AS side (environment),
      (VALUES ('reads'), ('writes')) AS limits (kind)`,
  leases: `INSERT INTO concurrency_leases (merchant_id, environment, process, places, expires_at)
    SELECT ${idIn("01", "n")}, 'test', ${idIn("50", "process")}, 8, now() + (process - 3) * interval '5 minutes'
    FROM generate_series(1, 2000) AS n, generate_series(1, 5) AS process`,
  declines: `INSERT INTO decline_levels (merchant_id, environment, kind, subject, level, most, updated_at)
    SELECT ${idIn("01", "1 + n % 2000")}, 'test', 'customer', ${digest("n")},
      CASE WHEN n <= ${10 * open.blocked} AND n % 10 = 0 THEN 12 ELSE 2 END, 10,
      now() - CASE WHEN n <= ${10 * open.blocked} THEN interval '10 seconds' ELSE n % 2500 * interval '1 second' END
    FROM generate_series(1, 50000) AS n`,
  audit: `INSERT INTO audit_events (id, api_key_id, action, merchant_id, payment_id, detail, created_at)
    SELECT ${idIn("40", "n")}, CASE WHEN n % 2 = 0 THEN ${idIn("03", "1 + n % 7")} END,
      CASE WHEN n % 1000 = 0 THEN 'tran_nbr.jumped' ELSE 'merchant.updated' END, ${idIn("01", "1 + n % 1000")},
      CASE WHEN n % 5 = 0 THEN ${idIn("10", "n % 100")} END, '{}', now()
    FROM generate_series(1, 50000) AS n`,
  built: forEachIndex("one.indexdef")
}

/** A hundred thousand payments, of five merchants among many, of both environments and every status. */
export const buildTown = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* Effect.gen(function* () {
    // Neither references nor triggers are looked at: that would take longer than all the rest.
    yield* sql`SET LOCAL session_replication_role = replica`
    for (const step of Object.values(steps)) yield* sql.unsafe(step).unprepared
  }).pipe(sql.withTransaction)
  // As it is in the long run: what is vacuumed can be read from an index alone, which changes plans.
  yield* sql`VACUUM ANALYZE`
})
