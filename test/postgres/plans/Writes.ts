import { Effect, Redacted } from "effect"
import { ApiKeyIds, PaymentIds, TransactionIds } from "../../../src/domain/Ids.ts"
import { Amount } from "../../../src/domain/Money.ts"
import { Database } from "../../../src/postgres/Database.ts"
import { testBrics } from "../../../src/simulator/Cards.ts"
import { claimStatement } from "../../../src/transactions/charges/ChargeStatements.ts"
import { settleChargesStatement } from "../../../src/transactions/charges/SettleChargesStatement.ts"
import { isTombstoneStatement } from "../../../src/transactions/follow-ups/CancelStatements.ts"
import { FollowUpsRepo } from "../../../src/transactions/follow-ups/FollowUpsRepo.ts"
import { TransactionsRepo } from "../../../src/transactions/TransactionsRepo.ts"
import { perPayment, type Query } from "./Query.ts"
import { idOf, tenantOf } from "./Town.ts"

const tenant = tenantOf(1)
const uuid = "019ab000-0000-7a10-8000-000000000100"

/** Under a key that another call has taken. */
const charge = {
  ...tenant,
  keyId: ApiKeyIds.fromUuid(uuid),
  idempotencyKey: "key 256",
  fingerprint: new Uint8Array(32),
  type: "sale" as const,
  amount: Amount.make(100),
  currency: "USD" as const,
  bric: Redacted.make(testBrics.visa),
  billing: {},
  customerId: null,
  orderRef: "order",
  metadata: {},
  allowDuplicate: false
}

const ids = { paymentId: PaymentIds.fromUuid(uuid), transactionId: TransactionIds.fromUuid(uuid) }

/** What stands in the way of a call, or under its key. */
export const refusals: ReadonlyArray<Query> = [
  {
    name: "what stands under an idempotency key",
    ask: Effect.flatMap(TransactionsRepo, (repo) => repo.findByKey(tenant, charge.idempotencyKey))
  },
  {
    name: "why a charge is refused",
    ask: Effect.flatMap(TransactionsRepo, (repo) => repo.refusal(charge))
  },
  ...[null, [1, 2]].map((versions) => ({
    name: `why a void ${versions === null ? "" : "of a version "}is refused`,
    ask: Effect.flatMap(FollowUpsRepo, (repo) =>
      repo.prospect({ ...charge, type: "void", paymentId: idOf.payment(256), targetId: null, versions })
    )
  })),
  {
    name: "whether a key is cancelled",
    ask: Effect.flatMap(Database, ({ plain }) =>
      plain((sql) => isTombstoneStatement(sql, tenant, charge.idempotencyKey))
    )
  }
].map(({ ask, name }) => ({
  name,
  ask,
  indexes: ["transactions_idempotency_key"],
  reads: {
    payments: 1,
    transactions: 2 + 2 * perPayment,
    merchants: 1,
    terminals: 1,
    api_keys: 1,
    duplicate_guards: 1
  }
}))

const call = { id: ids.transactionId, paymentId: ids.paymentId, type: "sale", amount: 100, target: null } as const
const settlement = {
  status: "approved",
  answer: null,
  decline: null,
  doubt: null,
  isParked: false,
  undo: null
} as const
const bric = { sealed: null, keyId: null, fingerprint: null }

/** Charges that are claimed together. */
export const claims = Effect.flatMap(Database, ({ pipelined }) => {
  const claim = { ...ids, source: new Uint8Array(32), duplicate: null, traceId: null }
  return pipelined((sql) => claimStatement(sql, [{ charge, claim }]))
})

/** Their outcomes. */
export const settlements = Effect.flatMap(Database, ({ pipelined }) =>
  pipelined((sql) => settleChargesStatement(sql, [{ call, settlement, bric, eventIds: [uuid, uuid] }]))
)
