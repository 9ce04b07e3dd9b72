import { Effect } from "effect"
import { AuditEventsRepo } from "../../../src/audit/AuditEventsRepo.ts"
import { PaymentStatus } from "../../../src/domain/Payment.ts"
import { EventsRepo } from "../../../src/events/EventsRepo.ts"
import { ApiKeysRepo } from "../../../src/merchants/ApiKeysRepo.ts"
import { MerchantsRepo } from "../../../src/merchants/MerchantsRepo.ts"
import { PaymentsRepo } from "../../../src/payments/PaymentsRepo.ts"
import { TimelineRepo } from "../../../src/payments/TimelineRepo.ts"
import { page, perPayment, type Query } from "./Query.ts"
import { idOf, tenantOf } from "./Town.ts"

const tenants = { big: tenantOf(1), small: tenantOf(5) }
const everything = { before: null, status: null, fields: null, limit: page }
const pageOfPayments = { payments: page, transactions: page * perPayment }
const middle = idOf.payment(50_000)

const payments: ReadonlyArray<Query> = [
  ...Object.entries(tenants).flatMap(([size, tenant]) =>
    [null, middle].flatMap((before): ReadonlyArray<Query> => {
      const whose = `of a ${size} merchant${before === null ? "" : ", behind a cursor"}`
      const listed = (change: object) =>
        Effect.flatMap(PaymentsRepo, (repo) => repo.list(tenant, { ...everything, before, ...change }))
      return [
        { name: `OPT-1: payments ${whose}`, indexes: ["payments_list"], ask: listed({}), reads: pageOfPayments },
        {
          name: `OPT-1: one field of payments ${whose}`,
          indexes: ["payments_list"],
          ask: listed({ fields: new Set(["status"]) }),
          reads: { payments: page }
        },
        ...PaymentStatus.literals.map((status) => ({
          name: `OPT-2: payments that are ${status}, ${whose}`,
          indexes: ["payments_list_by_status"],
          ask: listed({ status }),
          reads: pageOfPayments
        }))
      ]
    })
  ),
  {
    name: "a hundred payments by their ids",
    indexes: ["payments_list"],
    ask: Effect.flatMap(PaymentsRepo, (repo) =>
      repo.findAll(
        tenants.big,
        Array.from({ length: 100 }, (_, index) => idOf.payment(1 + index * 977)),
        null
      )
    ),
    reads: { payments: 100, transactions: 100 * perPayment }
  },
  {
    name: "one payment",
    indexes: ["payments_pkey"],
    ask: Effect.flatMap(PaymentsRepo, (repo) => repo.find(tenants.big, middle)),
    reads: { payments: 1, transactions: perPayment }
  },
  {
    name: "the version of one payment",
    indexes: ["payments_pkey"],
    ask: Effect.flatMap(PaymentsRepo, (repo) => repo.findVersion(tenants.big, middle)),
    reads: { payments: 1, transactions: perPayment }
  },
  {
    name: "the timeline of one payment",
    indexes: ["events_payment_id"],
    ask: Effect.flatMap(TimelineRepo, (repo) => repo.find(tenants.big, middle)),
    reads: { payments: 1, transactions: perPayment, events: 2, ledger_entries: 2 }
  }
]

const events: ReadonlyArray<Query> = (
  [
    ["events", "events_list", {}],
    ["events behind a cursor", "events_list", { before: idOf.event(100_000) }],
    ["events of a type", "events_list_by_type", { type: "payment.settled" }],
    ["events of a type that is rare", "events_list_by_type", { type: "refund.approved" }],
    ["events of a type there is none of", "events_list_by_type", { type: "payment.voided" }],
    [
      "events of a type behind a cursor",
      "events_list_by_type",
      { type: "payment.settled", before: idOf.event(99_000) }
    ],
    ["events of a payment", "events_payment_id", { paymentId: middle }],
    ["events of a type and a payment", "events_payment_id", { paymentId: middle, type: "payment.settled" }]
  ] as const
).flatMap(([name, index, change]) =>
  Object.entries(tenants).map(([size, tenant]) => ({
    name: `DB-7: ${name}, of a ${size} merchant`,
    indexes: [index],
    ask: Effect.flatMap(EventsRepo, (repo) =>
      repo.list(tenant, { limit: page, before: null, type: null, paymentId: null, ...change })
    ),
    reads: { events: page }
  }))
)

const auditEvents: ReadonlyArray<Query> = (
  [
    ["audit events", "audit_events_pkey", {}],
    ["audit events of an action", "audit_events_action", { action: "merchant.updated" }],
    ["audit events of an action that is rare", "audit_events_action", { action: "tran_nbr.jumped" }],
    ["audit events of an action there is none of", "audit_events_action", { action: "exception.resolved" }],
    ["audit events of a key", "audit_events_api_key_id", { api_key_id: idOf.apiKey(3) }],
    ["audit events of a merchant", "audit_events_merchant_id", { merchant_id: idOf.merchant(3) }],
    ["audit events of a payment", "audit_events_payment_id", { payment_id: idOf.payment(5) }]
  ] as const
).flatMap(([name, index, query]) =>
  [{}, { starting_after: idOf.auditEvent(25_000) }].map((from) => ({
    name: `DB-7: ${name}${"starting_after" in from ? ", behind one" : ""}`,
    indexes: [index],
    ask: Effect.flatMap(AuditEventsRepo, (repo) => repo.list({ limit: page, ...query, ...from })),
    reads: { audit_events: page }
  }))
)

const others: ReadonlyArray<Query> = [
  ...[undefined, idOf.merchant(1_000)].map((after) => ({
    name: `merchants and their terminals${after === undefined ? "" : ", behind one"}`,
    indexes: ["merchants_pkey"],
    ask: Effect.flatMap(MerchantsRepo, (repo) => repo.list(page, after)),
    reads: { merchants: page, terminals: 2 * page }
  })),
  ...[undefined, idOf.apiKey(10_000)].flatMap((after) =>
    ([undefined, idOf.merchant(3)] as const).map((merchant) => ({
      name: `API keys${merchant === undefined ? "" : " of a merchant"}${after === undefined ? "" : ", behind one"}`,
      indexes: [merchant === undefined ? "api_keys_pkey" : "api_keys_merchant_id"],
      ask: Effect.flatMap(ApiKeysRepo, (repo) => repo.list(page, after, merchant)),
      reads: { api_keys: page }
    }))
  ),
  {
    name: "who holds an API key",
    indexes: ["api_keys_hash_key"],
    ask: Effect.flatMap(ApiKeysRepo, (repo) => repo.findByHash(new Uint8Array(32))),
    reads: { api_keys: 1 }
  }
]

/** What the APIs read. */
export const lists: ReadonlyArray<Query> = [...payments, ...events, ...auditEvents, ...others]
