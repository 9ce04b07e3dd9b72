import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Redacted, Schema } from "effect"
import { DeclineSubject } from "../../src/domain/DeclineSubject.ts"
import { TransactionIds } from "../../src/domain/Ids.ts"
import { StoppableOperation } from "../../src/domain/KillSwitch.ts"
import { Account } from "../../src/domain/Ledger.ts"
import { LimitKind } from "../../src/domain/Limit.ts"
import { MerchantStatus } from "../../src/domain/Merchant.ts"
import { Amount, Currency } from "../../src/domain/Money.ts"
import { PaymentStatus } from "../../src/domain/Payment.ts"
import { Environment } from "../../src/domain/Terminal.ts"
import { ResolvedBy, TransactionStatus, TransactionType } from "../../src/domain/Transaction.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { UndoReason } from "../../src/transactions/Settlement.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { TestService } from "../support/TestService.ts"

type Table =
  | "merchants"
  | "terminals"
  | "api_keys"
  | "payments"
  | "transactions"
  | "events"
  | "ledger_entries"
  | "duplicate_guards"
  | "kill_switches"
  | "rate_limits"
  | "concurrency_leases"
  | "decline_levels"
type Row = Readonly<Record<string, unknown>>

const id = { merchant: randomUUID(), terminal: randomUUID(), payment: randomUUID(), transaction: randomUUID() }
const later = "2026-01-15T12:00:00Z"
/** A `bytea` as JSON spells it. */
const bytes = (length: number, byte: string) => `\\x${byte.repeat(length)}`

/** A row of each table that its constraints allow. */
const rows: Readonly<Record<Table, Row>> = {
  merchants: { id: id.merchant, name: "Shop" },
  terminals: {
    id: id.terminal,
    merchant_id: id.merchant,
    environment: "test",
    cust_nbr: "7000",
    merch_nbr: "1",
    dba_nbr: "1",
    terminal_nbr: "1",
    settlement_zone: "Etc/UTC",
    settlement_cutoff: "23:00"
  },
  api_keys: { id: randomUUID(), environment: "test", name: "Key", hash: bytes(32, "01"), hint: "abcd", scopes: [] },
  payments: {
    id: id.payment,
    merchant_id: id.merchant,
    environment: "test",
    type: "sale",
    first_status: "submitting",
    currency: "USD",
    amount: 100,
    metadata: {}
  },
  transactions: {
    id: id.transaction,
    payment_id: id.payment,
    merchant_id: id.merchant,
    environment: "test",
    terminal_id: id.terminal,
    type: "sale",
    status: "submitting",
    amount: 100,
    merch_nbr: "1",
    batch_id: "20260115",
    tran_nbr: 7,
    idempotency_key: "key",
    send_by: later,
    lease_until: later
  },
  events: {
    id: randomUUID(),
    merchant_id: id.merchant,
    environment: "test",
    type: "payment.captured",
    payment_id: id.payment,
    transaction_id: id.transaction,
    payload: {}
  },
  ledger_entries: {
    payment_id: id.payment,
    transaction_id: id.transaction,
    account: "held",
    currency: "USD",
    amount: 100
  },
  duplicate_guards: {
    merchant_id: id.merchant,
    fingerprint: bytes(32, "01"),
    payment_id: id.payment,
    expires_at: later
  },
  kill_switches: { id: randomUUID(), operation: "refund", reason: "A drill" },
  rate_limits: {
    merchant_id: id.merchant,
    environment: "test",
    kind: "reads",
    tokens: 1,
    granted: 1,
    refilled_at: later
  },
  concurrency_leases: {
    merchant_id: id.merchant,
    environment: "test",
    process: randomUUID(),
    places: 1,
    expires_at: later
  },
  decline_levels: {
    merchant_id: id.merchant,
    environment: "test",
    kind: "customer",
    subject: bytes(32, "01"),
    level: 1,
    most: 10,
    updated_at: later
  }
}

/** They have another key, or none. */
const withoutId: ReadonlySet<Table> = new Set([
  "ledger_entries",
  "duplicate_guards",
  "rate_limits",
  "concurrency_leases",
  "decline_levels"
])

const bric = { bric_sealed: "\\x01", bric_key_id: "key-1", bric_fingerprint: bytes(32, "02") }
const reversal = { type: "reversal", reversal_of: id.transaction, idempotency_key: null }

const put = Effect.fnUntraced(function* (table: Table, change: Row = {}) {
  const sql = yield* PgClient.PgClient
  const row = { ...rows[table], ...change }
  const columns = sql.literal(Object.keys(row).join(", "))
  yield* sql`INSERT INTO ${sql(table)} (${columns})
    SELECT ${columns} FROM jsonb_populate_record(NULL::${sql(table)}, ${sql.json(row)})`
})

let made = 1_000

/** Another row, which shares nothing with any other that must differ. */
const another = (table: Table, change: Row = {}): Row => {
  const number = ++made
  return {
    ...(withoutId.has(table) ? {} : { id: randomUUID() }),
    ...(table === "api_keys" ? { hash: bytes(8, number.toString(16).padStart(8, "0")) } : {}),
    ...(table === "terminals" ? { environment: "live", terminal_nbr: `${number}` } : {}),
    ...(table === "transactions" ? { tran_nbr: number, idempotency_key: `${number}` } : {}),
    ...change
  }
}

/** The name of the constraint or unique index that refuses the row. */
const refusal = (table: Table, change: Row): Effect.Effect<string, never, PgClient.PgClient> =>
  put(table, change).pipe(
    Effect.match({
      onSuccess: () => `${table} took ${JSON.stringify(change)}`,
      onFailure: ({ reason }) => String(Object(reason.cause).constraint)
    })
  )

/** Rows that each table refuses; every one breaks a single rule. */
const refused: ReadonlyArray<readonly [table: Table, change: Row]> = [
  ["merchants", { name: "" }],
  ["merchants", { name: "x".repeat(201) }],
  ["merchants", { status: "closed" }],
  ["terminals", { environment: "prod" }],
  ["terminals", { environment: "test" }],
  ["terminals", { lookup_key_sealed: "\\x01" }],
  ["terminals", { lookup_key_sealed: "\\x01", lookup_key_id: "KEY 1" }],
  ["api_keys", { environment: "prod" }],
  ["api_keys", { name: "" }],
  ["api_keys", { name: "x".repeat(201) }],
  ["api_keys", { hash: bytes(31, "03") }],
  ["api_keys", { hash: rows.api_keys.hash }],
  ["payments", { environment: "prod" }],
  ["payments", { type: "refund" }],
  ["payments", { calls: -1 }],
  ["payments", { doubts: -1 }],
  ["payments", { undo: "because" }],
  ["payments", { currency: "EUR" }],
  ["payments", { amount: 0 }],
  ["payments", { amount: 1_000_000_000 }],
  ["payments", { authorized: -1 }],
  ["payments", { authorized: 1, captured: -1 }],
  ["payments", { refunded: -1 }],
  ["payments", { returned: -1 }],
  ["payments", { pending_capture: -1 }],
  ["payments", { pending_refund: -1 }],
  ["payments", { authorized: 100, captured: 60, pending_capture: 41 }],
  ["payments", { authorized: 100, captured: 100, refunded: 60, pending_refund: 41 }],
  ["payments", { card_last4: "123" }],
  ["payments", { card_last4: "12345" }],
  ["transactions", { environment: "prod" }],
  ["transactions", { type: "refund" }],
  ["transactions", { type: "payout" }],
  ["transactions", { type: "tombstone" }],
  ["transactions", { send_by: null, status: "approved" }],
  ["transactions", { merch_nbr: null, batch_id: null, tran_nbr: null, send_by: null, lease_until: null }],
  ["transactions", { refunded: 60, pending_refund: 41 }],
  ["transactions", { refunded: -1 }],
  ["transactions", { pending_refund: -1 }],
  ["transactions", { lookups: -1 }],
  ["transactions", { resolved_by: "answer" }],
  ["transactions", { trace_id: "abc" }],
  ["transactions", { status: "done" }],
  ["transactions", { amount: 0 }],
  ["transactions", { amount: 1_000_000_000 }],
  ["transactions", { batch_id: "2026011" }],
  ["transactions", { batch_id: "2026-1-5" }],
  ["transactions", { tran_nbr: 0 }],
  ["transactions", { tran_nbr: 10_000_000_000 }],
  ["transactions", { type: "reversal" }],
  ["transactions", { reversal_of: id.transaction }],
  ["transactions", { fingerprint: bytes(31, "01") }],
  ["transactions", { source_fingerprint: bytes(33, "01") }],
  ["transactions", { attempts: -1 }],
  ["transactions", { ...bric, bric_fingerprint: "\\x01" }],
  ["transactions", { ...bric, bric_key_id: "09LMQ886L2K2W11MPX1" }],
  ["transactions", { bric_sealed: "\\x01" }],
  ["transactions", { tran_nbr: rows.transactions.tran_nbr }],
  ["transactions", { idempotency_key: rows.transactions.idempotency_key }],
  ["events", { environment: "prod" }],
  ["ledger_entries", { account: "bank" }],
  ["ledger_entries", { amount: 0 }],
  ["duplicate_guards", { fingerprint: bytes(31, "01") }],
  ["merchants", { reads_per_second: 0 }],
  ["merchants", { writes_per_second: 0 }],
  ["merchants", { writes_at_once: 0 }],
  ["kill_switches", { operation: "reversal" }],
  ["kill_switches", {}],
  ["rate_limits", { kind: "deletes" }],
  ["concurrency_leases", { places: -1 }],
  ["merchants", { declines_per_customer: 0 }],
  ["merchants", { declines_per_address: 0 }],
  ["merchants", { declines_per_key: 0 }],
  ["decline_levels", { kind: "card" }],
  ["decline_levels", { subject: bytes(31, "01") }],
  ["decline_levels", { level: -1 }],
  ["decline_levels", { most: 0 }]
]

const wordsOf = (rule: string) => [...rule.matchAll(/'([^']*)'::text/g)].map(([, word = ""]) => word).toSorted()

/** Literals of the domain by the columns that may hold nothing else. */
const vocabularies: Readonly<Record<string, ReadonlyArray<string>>> = {
  "merchants.status": MerchantStatus.literals,
  "terminals.environment": Environment.literals,
  "api_keys.environment": Environment.literals,
  "payments.environment": Environment.literals,
  "payments.type": ["sale", "authorization"],
  "payments.first_status": TransactionStatus.literals,
  "payments.undo": UndoReason.literals,
  "payments.currency": Currency.literals,
  "transactions.environment": Environment.literals,
  "transactions.type": [...TransactionType.literals, "tombstone"],
  "transactions.resolved_by": ResolvedBy.literals,
  "transactions.status": TransactionStatus.literals,
  "events.environment": Environment.literals,
  "ledger_entries.account": Account.literals,
  "ledger_entries.currency": Currency.literals,
  "kill_switches.operation": StoppableOperation.literals,
  "rate_limits.environment": Environment.literals,
  "rate_limits.kind": LimitKind.literals,
  "concurrency_leases.environment": Environment.literals,
  "decline_levels.environment": Environment.literals,
  "decline_levels.kind": DeclineSubject.literals
}

const WithRows = Layer.effectDiscard(
  Effect.forEach(
    ["merchants", "terminals", "api_keys", "payments", "transactions", "events", "kill_switches"] as const,
    (table) => put(table)
  )
).pipe(Layer.provideMerge(TestDatabase.layerClient))

const Small = Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 5 }))

layer(WithRows, { excludeTestServices: true })("the schema", (it) => {
  it.effect("takes another row of each table", () =>
    Effect.gen(function* () {
      for (const table of ["merchants", "api_keys", "payments", "transactions", "events"] as const) {
        yield* put(table, another(table))
      }
      yield* put("transactions", another("transactions", bric))
    })
  )

  it.effect("has a row that breaks each of its rules, and refuses it for that", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const rules = yield* sql`
        SELECT conname AS name FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'c'
        UNION SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace = 'public'::regnamespace AND indisunique AND NOT indisprimary`
      const broken = yield* Effect.forEach(refused, ([table, change]) => refusal(table, another(table, change)))
      // Who takes a terminal's four-part key must be another merchant, which has a terminal of its own.
      const merchant = another("merchants")
      yield* put("merchants", merchant)
      const key = yield* refusal("terminals", {
        ...another("terminals"),
        merchant_id: merchant.id,
        environment: "test",
        terminal_nbr: rows.terminals.terminal_nbr
      })
      const names = new Set(rules.map(({ name }) => String(name)))
      // One constraint of transactions stands for several rules, and its function names the one that is broken.
      const [told] = yield* sql`SELECT prosrc AS rules FROM pg_proc WHERE proname = 'transaction_rules'`
      const own = [...String(told?.rules).matchAll(/THEN '(transactions_\w+)'/g)].map(([, name = ""]) => name)
      assert.lengthOf(own, 7)
      assert.isTrue(names.delete("transactions_rules"))
      assert.deepStrictEqual([...new Set([...broken, key])].toSorted(), [...names, ...own].toSorted())
    })
  )

  it.effect("knows the words that the domain knows, and no others", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const checks = yield* sql`
        SELECT attrelid::regclass || '.' || attname AS column, pg_get_constraintdef(pg_constraint.oid) AS rule
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND NOT attisdropped
        JOIN pg_constraint ON contypid = atttypid OR conrelid = attrelid AND conkey = ARRAY[attnum]
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND contype = 'c'`
      const words = checks.flatMap(({ column, rule }) =>
        /^CHECK \(\(\w+ = /.test(String(rule)) ? [[String(column), wordsOf(String(rule))] as const] : []
      )
      // The status of a payment is derived, and can hold what its function says.
      const [derived] = yield* sql`SELECT prosrc AS rule FROM pg_proc WHERE proname = 'payment_status'`
      const told = [...String(derived?.rule).matchAll(/(?:THEN|ELSE) '([a-z_]+)'/g)].map(([, word = ""]) => word)
      assert.isNotEmpty(told)
      for (const word of told) assert.include(PaymentStatus.literals, word)
      const ours = Object.entries(vocabularies).map(([column, literals]) => [column, literals.toSorted()] as const)
      assert.deepStrictEqual(Object.fromEntries(words), Object.fromEntries(ours))
    })
  )

  it.effect.prop(
    "takes amounts that the domain takes, and no others",
    { amount: Schema.Literals([0, 1, 2, 999_999_998, 999_999_999, 1_000_000_000, 2_147_483_647, -1]) },
    ({ amount }) =>
      Effect.gen(function* () {
        const isTaken = Option.isSome(Schema.decodeOption(Amount)(amount))
        const exits = [
          yield* Effect.exit(put("payments", another("payments", { amount }))),
          yield* Effect.exit(put("transactions", another("transactions", { amount })))
        ]
        assert.deepStrictEqual(exits.map(Exit.isSuccess), [isTaken, isTaken])
      })
  )

  it.effect.prop(
    "never lets more be captured than was authorized, nor more refunded than was captured",
    { authorized: Small, captured: Small, pending_capture: Small, refunded: Small, pending_refund: Small },
    (totals) =>
      Effect.gen(function* () {
        const { authorized, captured, pending_capture, pending_refund, refunded } = totals
        const isTaken =
          Object.values(totals).every((total) => total >= 0) &&
          captured + pending_capture <= authorized &&
          refunded + pending_refund <= captured
        assert.strictEqual(Exit.isSuccess(yield* Effect.exit(put("payments", another("payments", totals)))), isTaken)
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect("gives a pair to one call of a MERCH_NBR, and to its reversals", () =>
    Effect.gen(function* () {
      const pair = { batch_id: "20260116", tran_nbr: 7, idempotency_key: null }
      yield* put("transactions", another("transactions", pair))
      assert.strictEqual(yield* refusal("transactions", another("transactions", pair)), "transactions_pair")
      yield* put("transactions", another("transactions", { ...pair, ...reversal }))
      yield* put("transactions", another("transactions", { ...pair, ...reversal }))
      yield* put("transactions", another("transactions", { ...pair, merch_nbr: "2" }))
      yield* put("transactions", another("transactions", { ...pair, batch_id: "20260117" }))
      // Another terminal under the same MERCH_NBR is no excuse.
      const merchant = another("merchants")
      const terminal = another("terminals", { merchant_id: merchant.id, environment: "test" })
      yield* put("merchants", merchant)
      yield* put("terminals", terminal)
      const elsewhere = another("transactions", { ...pair, merchant_id: merchant.id, terminal_id: terminal.id })
      assert.strictEqual(yield* refusal("transactions", elsewhere), "transactions_pair")
    })
  )

  it.effect("gives a key of a merchant to one call, unless that has failed", () =>
    Effect.gen(function* () {
      const keyed = (change: Row = {}) => another("transactions", { idempotency_key: "once", ...change })
      yield* put("transactions", keyed({ status: "failed" }))
      yield* put("transactions", keyed({ status: "failed" }))
      yield* put("transactions", keyed())
      for (const status of TransactionStatus.literals.filter((status) => status !== "failed")) {
        assert.strictEqual(yield* refusal("transactions", keyed({ status })), "transactions_idempotency_key", status)
      }
      yield* put("transactions", keyed({ status: "failed" }))
      yield* put("transactions", keyed({ environment: "live" }))
      const merchant = another("merchants")
      yield* put("merchants", merchant)
      yield* put("transactions", keyed({ merchant_id: merchant.id }))
    })
  )

  it.effect("keeps the merchants and terminals that payments refer to", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      for (const table of ["merchants", "terminals"]) {
        for (const gone of [sql`DELETE FROM ${sql(table)}`, sql`TRUNCATE ${sql(table)} CASCADE`]) {
          assert.strictEqual((yield* Effect.flip(gone)).reason._tag, "ConstraintError")
        }
      }
    })
  )

  it.effect("counts TRAN_NBR to its end, and begins anew", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const next = Effect.map(sql`SELECT nextval('tran_nbr')::text AS next`, ([row]) => row?.next)
      yield* sql`SELECT setval('tran_nbr', 9999999998)`
      assert.deepStrictEqual([yield* next, yield* next, yield* next], ["9999999999", "1", "2"])
      const float = sql`SELECT 9999999999::bigint::float8 AS tran_nbr`
      assert.deepStrictEqual(yield* float, [{ tran_nbr: 9_999_999_999 }])
    })
  )

  it.effect.prop(
    "keeps a sealed BRIC, its key and its fingerprint together",
    { bric_sealed: Schema.Boolean, bric_key_id: Schema.Boolean, bric_fingerprint: Schema.Boolean },
    (has) =>
      Effect.gen(function* () {
        const change = Object.fromEntries(Object.entries(bric).filter(([column]) => Object(has)[column]))
        const row = another("transactions", change)
        const isWhole = new Set(Object.values(has)).size === 1
        assert.strictEqual(Exit.isSuccess(yield* Effect.exit(put("transactions", row))), isWhole)
      })
  )

  it.effect("has bytes of any length only where they are sealed", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const columns = yield* sql`
        SELECT attrelid::regclass || '.' || attname AS name FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
          AND atttypid = 'bytea'::regtype AND NOT EXISTS (
            SELECT FROM pg_constraint WHERE conrelid = attrelid AND conkey = ARRAY[attnum]
              AND pg_get_constraintdef(pg_constraint.oid) = 'CHECK ((length(' || attname || ') = 32))'
          ) ORDER BY 1`
      assert.deepStrictEqual(columns, [{ name: "terminals.lookup_key_sealed" }, { name: "transactions.bric_sealed" }])
    })
  )
})

layer(TestService.layer)("rows of charges", (it) => {
  it.effect("hold no BRIC in clear, and the sealed one opens", () =>
    Effect.gen(function* () {
      const { charge, simulator } = yield* TestService
      const cipher = yield* ColumnCipher
      const sql = yield* PgClient.PgClient
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER", times: 1 })
      const lost = yield* charge()
      const paid = yield* charge({ customer_id: "customer", order_ref: "order", metadata: { note: "note" } })
      assert.deepStrictEqual([lost.status, paid.status], [202, 201])

      const [row] = yield* sql`SELECT id::text, bric_sealed AS sealed, bric_key_id AS "keyId",
        bric_fingerprint AS fingerprint FROM transactions WHERE bric_sealed IS NOT NULL`
      const { fingerprint, id, keyId, sealed } = Schema.decodeUnknownSync(Sealed)(row)
      const answered = yield* cipher.unseal({ keyId, sealed }, `transactions.bric ${TransactionIds.fromUuid(id)}`)
      assert.deepStrictEqual(Buffer.from(cipher.fingerprint(Redacted.value(answered))), Buffer.from(fingerprint))

      const tables = yield* sql`SELECT relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`
      const stored = yield* Effect.forEach(tables, ({ name }) =>
        Effect.map(sql`SELECT t::text AS row FROM ${sql(String(name))} t`, (all) => JSON.stringify(all))
      )
      const text = stored.join("\n").toLowerCase()
      assert.include(text, "customer")
      for (const secret of [simulator.brics.visa, Redacted.value(answered)]) {
        assert.isAbove(secret.length, 8)
        for (const spelling of ["utf8", "hex", "base64"] as const) {
          assert.notInclude(text, Buffer.from(secret).toString(spelling).toLowerCase())
        }
      }
    })
  )
})

const Sealed = Schema.Struct({
  id: Schema.String,
  sealed: Schema.Uint8Array,
  keyId: Schema.String,
  fingerprint: Schema.Uint8Array
})
