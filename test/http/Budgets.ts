import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { until } from "../payments/Asked.ts"
import type { HttpRequest } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

/** What a request is about, and how many statements it may run. */
export interface Budget {
  readonly what: string
  readonly statements: number
  /** Makes what it is about first. */
  readonly request: Effect.Effect<Pick<HttpRequest, "path" | "json" | "headers">, unknown, Needs>
}

type Needs = TestService | PgClient.PgClient | Merchants
type Asked = Budget["request"]

const budget = (what: string, statements: number, request: Asked): Budget => ({ what, statements, request })

const to = (path: string, json?: object): Asked => Effect.succeed({ path, ...(json === undefined ? {} : { json }) })

const paid = (change: object = {}) =>
  Effect.flatMap(TestService, ({ charge }) => Effect.map(charge(change), ({ json }): { id: string } => json))

const onPayment = (route: string, json?: object, change: object = {}): Asked =>
  Effect.flatMap(paid(change), ({ id }) => to(`/v1/payments/${id}${route}`, json))

const onMerchant = (route: string, json?: object): Asked =>
  Effect.flatMap(TestService, ({ merchant }) => to(`/v1/merchants/${merchant.id}${route}`, json))

const charge = { amount: 1999, currency: "USD", source: { bric: "09LTESTVISA00000001" } }

/** Its batch is closed in our books. */
const settledPayment = Effect.tap(
  paid(),
  Effect.fnUntraced(function* ({ id }) {
    const sql = yield* PgClient.PgClient
    const payment = PaymentIds.toUuid(PaymentIds.Id.make(id))
    yield* sql`UPDATE transactions SET cutoff_at = now() - interval '3 hours' WHERE payment_id = ${payment}::uuid`
    yield* until(
      sql`SELECT status FROM transactions WHERE payment_id = ${payment}::uuid`,
      ([sale]) => sale?.["status"] === "settled"
    )
  })
)

/** The payment as it is known, by its tag. */
const known = (wait: Effect.Effect<unknown, unknown, Needs>): Asked =>
  Effect.gen(function* () {
    const { merchant, request } = yield* TestService
    const path = `/v1/payments/${(yield* paid()).id}`
    const { etag = "" } = (yield* request({ path, key: merchant.keys.read })).headers
    yield* wait
    return { path, headers: { "if-none-match": etag } }
  })

/** Of a merchant that nobody else here knows. */
const killSwitch = Effect.flatMap(TestService, ({ makeMerchant }) =>
  Effect.map(makeMerchant(), ({ id }) => ({
    path: "/v1/kill-switches",
    json: { operation: "void", reason: "A drill", merchant_id: id }
  }))
)

const thrownSwitch: Asked = Effect.gen(function* () {
  const { operatorKey: key, requestOps } = yield* TestService
  const { json } = yield* requestOps({ ...(yield* killSwitch), key })
  return { path: `/v1/kill-switches/${json.id}/lift`, json: {} }
})

/** Makes every tag one of yesterday. */
const changeAll = Effect.flatMap(PgClient.PgClient, (sql) => sql`UPDATE payments SET version = version + 1`)

const chargedUnder = Effect.gen(function* () {
  const idempotencyKey = randomUUID()
  yield* (yield* TestService).charge({}, { idempotencyKey })
  return { idempotency_key: idempotencyKey }
})

/** One that nobody but a person can decide. */
const unknownSale: Asked = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const { id } = yield* paid()
  const [row] = yield* sql<{ readonly id: string; readonly payment: string }>`
    UPDATE transactions SET status = 'unknown', next_attempt_at = NULL
    WHERE id = (SELECT max(id::text)::uuid FROM transactions WHERE type = 'sale')
    RETURNING id::text, payment_id::text AS payment`
  yield* sql`UPDATE payments SET first_status = 'unknown', doubts = 1, authorized = 0, captured = 0
    WHERE id = ${row?.payment ?? id}::uuid`
  const path = `/v1/exceptions/${TransactionIds.fromUuid(row?.id ?? "")}/resolve`
  return { path, json: { outcome: "failed", evidence: "EPX case 4711" } }
})

const closing = { settlement_zone: "Etc/UTC", settlement_cutoff: "23:00" }
let terminals = 0
/** Of a live terminal, which nothing is charged by. */
const terminal = () => ({
  ...{ environment: "live", cust_nbr: "7000", merch_nbr: `${800_000 + ++terminals}`, dba_nbr: "1", terminal_nbr: "1" },
  ...closing
})

const otherMerchant = Effect.flatMap(TestService, ({ makeMerchant }) => makeMerchant())

const onTerminal: Asked = Effect.gen(function* () {
  const { id } = yield* otherMerchant
  const [own] = (yield* (yield* Merchants).get(id)).terminals
  return { path: `/v1/merchants/${id}/terminals/${own?.id}`, json: { multiple_captures: true } }
})

const onNewKey = (route: string, json?: object): Asked =>
  Effect.gen(function* () {
    const { operatorKey, requestOps } = yield* TestService
    const key = { name: "Key", environment: "test", merchant_id: null }
    const { id } = (yield* requestOps({ path: "/v1/api-keys", key: operatorKey, json: key })).json
    return yield* to(`/v1/api-keys/${id}/${route}`, json)
  })

const newKey: Asked = Effect.flatMap(TestService, ({ merchant }) =>
  to("/v1/api-keys", { name: "Key", environment: "test", merchant_id: merchant.id, scopes: ["payments:read"] })
)

/** Of every route, with what it needs in memory already. Money takes a claim and a settlement; a read is one. */
export const budgets: Readonly<Record<string, ReadonlyArray<Budget>>> = {
  "POST /v1/payments": [
    budget("a sale", 2, to("/v1/payments", charge)),
    budget("a decline", 2, to("/v1/payments", { ...charge, amount: 120 }))
  ],
  "POST /v1/payments/:id/capture": [budget("all of it", 3, onPayment("/capture", {}, { capture: false }))],
  "POST /v1/payments/:id/void": [budget("all of it", 3, onPayment("/void", {}))],
  "POST /v1/payments/:id/refunds": [
    budget("a part that has to wait", 3, onPayment("/refunds", { amount: 500 })),
    budget(
      "a part of what has settled",
      3,
      Effect.flatMap(settledPayment, ({ id }) => to(`/v1/payments/${id}/refunds`, { amount: 500 }))
    )
  ],
  "POST /v1/payments/cancel-by-key": [
    budget("nothing yet", 2, to("/v1/payments/cancel-by-key", { idempotency_key: randomUUID() })),
    budget(
      "a sale",
      6,
      Effect.flatMap(chargedUnder, (json) => to("/v1/payments/cancel-by-key", json))
    )
  ],
  "GET /v1/payments": [
    budget("a page", 1, to("/v1/payments?limit=100")),
    budget("a page of a status", 1, to("/v1/payments?status=captured&fields=status")),
    budget(
      "several by their ids",
      1,
      Effect.flatMap(Effect.all([paid(), paid()]), ([a, b]) => to(`/v1/payments?ids=${a.id},${b.id}`))
    )
  ],
  "GET /v1/payments/:id": [
    budget("all of it", 1, onPayment("")),
    budget("one field", 1, onPayment("?fields=status")),
    budget("one that is known", 1, known(Effect.void)),
    budget("one that has changed", 2, known(changeAll))
  ],
  "GET /v1/payments/:id/refunds": [budget("all of them", 1, onPayment("/refunds"))],
  "GET /v1/payments/:id/timeline": [budget("all of it", 1, onPayment("/timeline"))],
  "GET /v1/events": [
    budget("a page", 1, to("/v1/events?limit=100")),
    budget("a page of a type", 1, to("/v1/events?type=payment.captured"))
  ],
  "POST /v1/merchants": [
    budget(
      "with a terminal",
      1,
      Effect.suspend(() => to("/v1/merchants", { name: "Shop", terminals: [terminal()] }))
    )
  ],
  "GET /v1/merchants": [budget("a page", 1, to("/v1/merchants?limit=100"))],
  "GET /v1/merchants/:id": [budget("one", 1, onMerchant(""))],
  "PATCH /v1/merchants/:id": [budget("its name", 1, onMerchant("", { name: "Store" }))],
  "POST /v1/merchants/:id/suspend": [
    budget(
      "one",
      1,
      Effect.flatMap(otherMerchant, ({ id }) => to(`/v1/merchants/${id}/suspend`))
    )
  ],
  "POST /v1/merchants/:id/activate": [budget("one", 1, onMerchant("/activate"))],
  "POST /v1/merchants/:id/terminals": [
    budget(
      "one",
      1,
      Effect.flatMap(otherMerchant, ({ id }) => to(`/v1/merchants/${id}/terminals`, terminal()))
    )
  ],
  "PATCH /v1/merchants/:id/terminals/:terminal_id": [budget("one", 1, onTerminal)],
  "POST /v1/api-keys": [budget("one", 1, newKey)],
  "GET /v1/api-keys": [budget("a page", 1, to("/v1/api-keys?limit=100"))],
  "POST /v1/api-keys/:id/revoke": [budget("one", 1, onNewKey("revoke"))],
  "POST /v1/api-keys/:id/roll": [budget("one", 2, onNewKey("roll", {}))],
  "GET /v1/exceptions": [budget("a page", 1, to("/v1/exceptions?limit=100"))],
  "POST /v1/exceptions/:id/resolve": [budget("an unknown outcome", 2, unknownSale)],
  "POST /v1/kill-switches": [budget("of one merchant", 1, killSwitch)],
  "GET /v1/kill-switches": [budget("a page", 1, to("/v1/kill-switches?limit=100"))],
  "POST /v1/kill-switches/:id/lift": [budget("one in force", 1, thrownSwitch)],
  "POST /v1/profiles/cpu": [budget("of a second", 1, to("/v1/profiles/cpu?seconds=1", {}))],
  "POST /v1/profiles/heap": [budget("of a second", 1, to("/v1/profiles/heap?seconds=1", {}))],
  "GET /v1/audit-events": [budget("a page", 1, to("/v1/audit-events?limit=100"))]
}
