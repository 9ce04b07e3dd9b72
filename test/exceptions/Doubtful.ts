import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { until } from "../payments/Asked.ts"
import { TestService } from "../support/TestService.ts"

/** Asks the operator API. */
export const ask = (path: string, json?: object) =>
  Effect.flatMap(TestService, ({ operatorKey, requestOps }) =>
    requestOps({ path: `/v1${path}`, key: operatorKey, ...(json === undefined ? {} : { json }) })
  )

export const resolve = (id: string, body: object = {}) =>
  ask(`/exceptions/${id}/resolve`, { outcome: "failed", evidence: "EPX case 4711", ...body })

export const exceptionOf = Effect.fnUntraced(function* (payment: string) {
  const { data } = (yield* ask("/exceptions?limit=100")).json
  return data.find(({ payment_id }: { readonly payment_id: string }) => payment_id === payment)
})

/** Waits for the exception of a payment. */
export const exception = (payment: string) => until(exceptionOf(payment), (found) => found !== undefined)

/** A merchant of its own, for whose terminal EPX's answers can be lost. */
export const makeShop = Effect.gen(function* () {
  const { charge, makeMerchant, request, simulator } = yield* TestService
  const merchant = yield* makeMerchant()
  const { keys, terminal } = merchant
  return {
    merchant,
    charge: (change: object = {}) => Effect.map(charge(change, { key: keys.all }), ({ json }) => json),
    post: (id: string, route: string, json: object = {}) =>
      request({
        path: `/v1/payments/${id}/${route}`,
        key: keys.all,
        headers: { "idempotency-key": randomUUID() },
        json
      }),
    read: (id: string) => Effect.map(request({ path: `/v1/payments/${id}`, key: keys.read }), ({ json }) => json),
    /** From now on, until the scenarios are cleared. */
    breaks: (effect: string, TRAN_TYPE: string) =>
      simulator.scenarios.add({ effect, times: "always", match: { TRAN_TYPE }, key: terminal }),
    heals: simulator.scenarios.clear(terminal)
  }
})

/** As if EPX's two minutes had passed with nothing found out. */
export const giveUp = Effect.fnUntraced(function* (payment: string) {
  const sql = yield* PgClient.PgClient
  const id = PaymentIds.toUuid(PaymentIds.Id.make(payment))
  yield* until(
    sql`SELECT status FROM transactions WHERE payment_id = ${id}::uuid AND type = 'reversal'`,
    (reversals) => reversals.length > 0 && reversals.every((row) => row["status"] !== "submitting")
  )
  yield* sql`UPDATE transactions SET created_at = created_at - interval '3 minutes', next_attempt_at = now()
    WHERE payment_id = ${id}::uuid AND status = 'unknown' AND next_attempt_at IS NOT NULL`
})

/** A sale or authorization that EPX has booked, and nobody knows it. */
export const makeDoubtful = Effect.fnUntraced(function* (change: object = {}) {
  const shop = yield* makeShop
  yield* shop.breaks("RESET_AFTER", "CCE1")
  yield* shop.breaks("RESET_AFTER", "CCE2")
  yield* shop.breaks("RESET_BEFORE", "CCE7")
  const payment = yield* shop.charge(change)
  yield* giveUp(payment.id)
  const found = yield* exception(payment.id)
  yield* shop.heals
  return { shop, payment, found }
})

/** A captured payment that has settled at EPX, and a refund of it whose answer was lost. */
export const makeDoubtfulRefund = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const shop = yield* makeShop
  const payment = yield* shop.charge()
  yield* sql`UPDATE transactions SET cutoff_at = now() - interval '3 hours'
    WHERE id = ${TransactionIds.toUuid(TransactionIds.Id.make(payment.transactions[0].id))}::uuid`
  yield* until(shop.read(payment.id), ({ transactions: [sale] }) => sale.status === "settled")
  yield* shop.breaks("RESET_BEFORE", "CCE9")
  yield* shop.post(payment.id, "refunds", { amount: 500 })
  const found = yield* exception(payment.id)
  yield* shop.heals
  return { shop, payment, found }
})
