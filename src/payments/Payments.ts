import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { ScopeMissing } from "../domain/AccessErrors.ts"
import { InvalidCursor, PaymentNotFound } from "../domain/ChargeErrors.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type ApiKeyId, type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { Payment, PaymentStatus } from "../domain/Payment.ts"
import type { Scope } from "../domain/Scope.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { type Charged, type ChargeError, Transactions } from "../transactions/Transactions.ts"
import type { NewPayment } from "./NewPayment.ts"
import { PaymentsRepo } from "./PaymentsRepo.ts"

/** The key by which a charge is asked for. */
export interface Charger extends Tenant {
  readonly keyId: ApiKeyId
  readonly scopes: ReadonlySet<Scope>
}

/** Which payments, the newest first: those older than `starting_after`, or than where the page before ended. */
export interface PaymentQuery {
  readonly limit: number
  readonly status?: PaymentStatus | undefined
  readonly starting_after?: PaymentId | undefined
  readonly cursor?: string | undefined
}

export interface PaymentList {
  readonly data: ReadonlyArray<Payment>
  readonly has_more: boolean
  readonly next_cursor: string | null
}

/** Payments as a merchant knows them. */
export class Payments extends Context.Service<
  Payments,
  {
    /** Charges, or holds, once per key of the tenant. A raw BRIC needs a scope of its own. */
    create(
      charger: Charger,
      payment: NewPayment,
      idempotencyKey: string
    ): Effect.Effect<Charged, ChargeError | ScopeMissing>
    get(tenant: Tenant, id: string): Effect.Effect<Payment, PaymentNotFound | DatabaseUnavailable>
    list(tenant: Tenant, query: PaymentQuery): Effect.Effect<PaymentList, InvalidCursor | DatabaseUnavailable>
  }
>()("payment-service/payments/Payments") {
  static readonly layer = Layer.effect(
    Payments,
    Effect.gen(function* () {
      const transactions = yield* Transactions
      const repo = yield* PaymentsRepo
      const cipher = yield* ColumnCipher

      const create = Effect.fn("Payments.create")(function* (
        { environment, keyId, merchantId, scopes }: Charger,
        payment: NewPayment,
        idempotencyKey: string
      ) {
        if (!scopes.has("payments:bric")) return yield* new ScopeMissing({ scope: "payments:bric" })
        return yield* transactions.charge({
          merchantId,
          environment,
          keyId,
          type: payment.capture ? "sale" : "authorization",
          amount: payment.amount,
          currency: payment.currency,
          bric: payment.source.bric,
          billing: payment.billing_address,
          customerId: payment.customer_id,
          orderRef: payment.order_ref,
          metadata: payment.metadata,
          idempotencyKey,
          fingerprint: cipher.fingerprint(`POST /v1/payments ${canonical(payment)}`)
        })
      })

      const get = Effect.fn("Payments.get")(function* (tenant: Tenant, id: string) {
        const known = Schema.decodeOption(PaymentIds.Id)(id)
        const found = Option.isSome(known) ? yield* repo.find(tenant, known.value) : Option.none()
        return Option.isSome(found) ? found.value : yield* new PaymentNotFound()
      })

      const cursorOf = (tenant: Tenant, id: PaymentId) => {
        const mac = cipher.fingerprint(`cursor ${tenant.merchantId} ${tenant.environment} ${id}`)
        return `${id.slice(prefix.length)}.${Buffer.from(mac).toString("base64url").slice(0, 22)}`
      }

      const startOf = (tenant: Tenant, { cursor, starting_after }: PaymentQuery) => {
        if (cursor === undefined) return Effect.succeed(starting_after ?? null)
        const id = Schema.decodeOption(PaymentIds.Id)(`${prefix}${cursor.split(".", 1)[0]}`)
        return starting_after === undefined && Option.isSome(id) && cursorOf(tenant, id.value) === cursor
          ? Effect.succeed(id.value)
          : Effect.fail(new InvalidCursor())
      }

      const list = Effect.fn("Payments.list")(function* (tenant: Tenant, query: PaymentQuery) {
        const before = yield* startOf(tenant, query)
        const found = yield* repo.list(tenant, { before, status: query.status ?? null, limit: query.limit + 1 })
        const data = found.slice(0, query.limit)
        const last = data.at(-1)
        const hasMore = found.length > data.length
        return {
          data,
          has_more: hasMore,
          next_cursor: hasMore && last !== undefined ? cursorOf(tenant, last.id) : null
        }
      })

      return Payments.of({ create, get, list })
    })
  )
}

const prefix = "pay_"

/** The same text for the same request, however its JSON was written. */
const canonical = ({ source, ...payment }: NewPayment): string =>
  JSON.stringify(sorted({ ...payment, source: { bric: Redacted.value(source.bric) } }))

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, member]) => [key, sorted(member)])
      )
    : value
