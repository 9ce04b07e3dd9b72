import { Context, Effect, Layer, Option, Redacted } from "effect"
import { ScopeMissing } from "../domain/AccessErrors.ts"
import { type InvalidCursor, PaymentNotFound, type TooManyDeclines } from "../domain/ChargeErrors.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type ApiKeyId, type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { PaymentField, PaymentStatus, SparsePayment, VersionedPayment } from "../domain/Payment.ts"
import type { Scope } from "../domain/Scope.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { DeclineGuard, refusalCounted, watchOf } from "../http/DeclineGuard.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { type CursorPage, makeCursors, type PageQuery } from "../postgres/Cursors.ts"
import { traced } from "../telemetry/Traced.ts"
import { type ChargeError, Transactions } from "../transactions/charges/Transactions.ts"
import { type CancelError, type Canceled, Cancellations } from "../transactions/follow-ups/Cancellations.ts"
import type { Deed } from "../transactions/follow-ups/FollowUp.ts"
import { type FollowUpError, FollowUps } from "../transactions/follow-ups/FollowUps.ts"
import type { Done } from "../transactions/Intents.ts"
import { canonical } from "./Canonical.ts"
import type { NewCapture, NewRefund, NewVoid } from "./FollowUpRequests.ts"
import type { NewPayment } from "./NewPayment.ts"
import { PaymentsRepo } from "./PaymentsRepo.ts"

/** The key by which a payment is asked for. */
export interface Charger extends Tenant {
  readonly keyId: ApiKeyId
  readonly scopes: ReadonlySet<Scope>
}

/**
 * Under which key something is to happen once, and to which versions of the payment; null: to any. A repeat that names
 * other versions is the same request all the same: once it is carried out, its answer does not depend on them.
 */
export interface Once {
  readonly idempotencyKey: string
  readonly versions: ReadonlyArray<number> | null
}

/** Which payments, the newest first, and what of them; all where that is not said. */
export interface PaymentQuery extends PageQuery<PaymentId> {
  readonly status?: PaymentStatus | undefined
  readonly fields?: ReadonlyArray<PaymentField> | undefined
}

/** Those that were asked for by their ids, in that order, and the ids of which the tenant has none. */
export interface NamedPayments {
  readonly data: ReadonlyArray<SparsePayment>
  readonly not_found: ReadonlyArray<string>
}

/** Payments as a merchant knows them. What moves money does so once per key of the tenant. */
export class Payments extends Context.Service<
  Payments,
  {
    /** Charges, or holds, unless too much was declined before. A raw BRIC needs a scope of its own. */
    create(
      charger: Charger,
      payment: NewPayment,
      idempotencyKey: string
    ): Effect.Effect<Done, ChargeError | ScopeMissing | TooManyDeclines>
    capture(charger: Charger, id: string, capture: NewCapture, once: Once): Effect.Effect<Done, FollowUpError>
    void(charger: Charger, id: string, asked: NewVoid, once: Once): Effect.Effect<Done, FollowUpError>
    refund(charger: Charger, id: string, refund: NewRefund, once: Once): Effect.Effect<Done, FollowUpError>
    /** Undoes what was asked for under this key, or sees to it that it never happens. */
    cancel(charger: Charger, idempotencyKey: string): Effect.Effect<Canceled, CancelError>
    get(tenant: Tenant, id: string): Effect.Effect<VersionedPayment, PaymentNotFound | DatabaseUnavailable>
    /** What `get` would say of its version. */
    getVersion(tenant: Tenant, id: string): Effect.Effect<number, PaymentNotFound | DatabaseUnavailable>
    /** Reads all of them at once. */
    getAll(
      tenant: Tenant,
      ids: ReadonlyArray<string>,
      fields: ReadonlyArray<PaymentField> | undefined
    ): Effect.Effect<NamedPayments, DatabaseUnavailable>
    list(
      tenant: Tenant,
      query: PaymentQuery
    ): Effect.Effect<CursorPage<SparsePayment>, InvalidCursor | DatabaseUnavailable>
  }
>()("payment-service/payments/Payments") {
  static readonly layer = Layer.effect(
    Payments,
    Effect.gen(function* () {
      const transactions = yield* Transactions
      const followUps = yield* FollowUps
      const cancellations = yield* Cancellations
      const guard = yield* DeclineGuard
      const repo = yield* PaymentsRepo
      const cipher = yield* ColumnCipher
      const cursors = makeCursors(cipher, "pay_", PaymentIds.Id)

      const spanOfCreate = traced("Payments.create")
      const create = (
        { environment, keyId, merchantId, scopes }: Charger,
        payment: NewPayment,
        idempotencyKey: string
      ) => {
        if (!scopes.has("payments:bric")) return Effect.fail(new ScopeMissing({ scope: "payments:bric" }))
        const charge = {
          merchantId,
          environment,
          keyId,
          type: payment.capture ? ("sale" as const) : ("authorization" as const),
          amount: payment.amount,
          currency: payment.currency,
          bric: payment.source.bric,
          billing: payment.billing_address,
          customerId: payment.customer_id,
          orderRef: payment.order_ref,
          metadata: payment.metadata,
          allowDuplicate: payment.allow_duplicate,
          idempotencyKey,
          fingerprint: cipher.fingerprint(`POST /v1/payments ${said(payment)}`)
        }
        const buyer = { merchantId, environment, keyId, customerId: payment.customer_id, address: payment.customer_ip }
        return spanOfCreate(
          Effect.tapErrorTag(transactions.charge(charge, watchOf(guard, buyer)), "TooManyDeclines", refusalCounted)
        )
      }

      const followUp = Effect.fnUntraced(function* (
        { environment, keyId, merchantId }: Charger,
        id: string,
        request: Once & { readonly route: string; readonly body: object },
        deed: Deed
      ) {
        if (!PaymentIds.is(id)) return yield* new PaymentNotFound()
        const { body, idempotencyKey, route, versions } = request
        const fingerprint = cipher.fingerprint(`POST /v1/payments/${id}/${route} ${canonical(body)}`)
        return yield* followUps.carryOut({
          merchantId,
          environment,
          keyId,
          paymentId: id,
          idempotencyKey,
          fingerprint,
          versions,
          ...deed
        })
      })

      const capture = Effect.fn("Payments.capture")((charger: Charger, id: string, body: NewCapture, once: Once) =>
        followUp(charger, id, { route: "capture", body, ...once }, { type: "capture", amount: body.amount ?? null })
      )

      const void_ = Effect.fn("Payments.void")((charger: Charger, id: string, body: NewVoid, once: Once) =>
        followUp(charger, id, { route: "void", body, ...once }, { type: "void", targetId: body.transaction_id ?? null })
      )

      const refund = Effect.fn("Payments.refund")((charger: Charger, id: string, body: NewRefund, once: Once) => {
        const request = { route: "refunds", body, ...once }
        const targetId = body.transaction_id ?? null
        const asked = { type: "refund", amount: body.amount ?? null, targetId, reason: body.reason } as const
        const refunded = followUp(charger, id, request, asked)
        return body.prefer_void
          ? Effect.catchTag(refunded, "UnsettledUseVoid", ({ transaction_id }) =>
              followUp(charger, id, request, { type: "void", targetId: transaction_id })
            )
          : refunded
      })

      const spanOfGet = traced("Payments.get")
      const get = (tenant: Tenant, id: string) =>
        spanOfGet(orNotFound(PaymentIds.is(id) ? repo.find(tenant, id) : Effect.succeedNone))
      const getVersion = (tenant: Tenant, id: string) =>
        orNotFound(PaymentIds.is(id) ? repo.findVersion(tenant, id) : Effect.succeedNone)

      const list = Effect.fn("Payments.list")(function* (tenant: Tenant, query: PaymentQuery) {
        const { limit, status = null } = query
        const before = yield* cursors.startOf(tenant, query)
        const found = yield* repo.list(tenant, { before, status, limit: limit + 1, fields: setOf(query.fields) })
        return cursors.pageOf(tenant, limit, found)
      })

      const getAll = Effect.fn("Payments.getAll")(function* (
        tenant: Tenant,
        ids: ReadonlyArray<string>,
        fields: ReadonlyArray<PaymentField> | undefined
      ) {
        const asked = [...new Set(ids)]
        const found = yield* repo.findAll(tenant, asked.filter(PaymentIds.is), setOf(fields))
        const named = asked.map((id) => [id, PaymentIds.is(id) ? found.get(id) : undefined] as const)
        return {
          data: named.flatMap(([, payment]) => (payment === undefined ? [] : [payment])),
          not_found: named.flatMap(([text, payment]) => (payment === undefined ? [text] : []))
        }
      })

      return Payments.of({
        create,
        capture,
        void: void_,
        refund,
        cancel: cancellations.cancel,
        get,
        getVersion,
        getAll,
        list
      })
    })
  )
}

/** But for the address: whoever repeats it, because an answer was lost, may have changed to another network. */
const said = ({ customer_ip: _, source, ...rest }: NewPayment) =>
  canonical({ ...rest, source: { bric: Redacted.value(source.bric) } })

const setOf = (fields: ReadonlyArray<PaymentField> | undefined) => (fields === undefined ? null : new Set(fields))

const orNotFound = <A, E>(found: Effect.Effect<Option.Option<A>, E>) =>
  Effect.flatMap(
    found,
    Option.match({ onNone: () => Effect.fail(new PaymentNotFound()), onSome: (one: A) => Effect.succeed(one) })
  )
