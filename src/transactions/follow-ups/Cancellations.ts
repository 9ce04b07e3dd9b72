import { Context, Effect, Layer, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { InvalidApiKey, MerchantSuspended } from "../../domain/AccessErrors.ts"
import { NotVoidable, PaymentBusy } from "../../domain/FollowUpErrors.ts"
import { type ApiKeyId, TransactionIds } from "../../domain/Ids.ts"
import type { Payment } from "../../domain/Payment.ts"
import type { PreconditionFailed } from "../../domain/PreconditionFailed.ts"
import type { Tenant } from "../../domain/Tenant.ts"
import { ColumnCipher } from "../../postgres/ColumnCipher.ts"
import { Database } from "../../postgres/Database.ts"
import { rowOf } from "../../postgres/Row.ts"
import { type Existing, TransactionsRepo } from "../TransactionsRepo.ts"
import * as Statements from "./CancelStatements.ts"
import type { FollowUp } from "./FollowUp.ts"
import { type FollowUpError, FollowUps } from "./FollowUps.ts"

/** What a cancelled key stood for; null: nothing, and nothing can come under it any more. */
export interface Canceled {
  readonly payment: Payment | null
  /** Nothing is left to be undone. */
  readonly isDecided: boolean
}

export type CancelError = Exclude<FollowUpError, PreconditionFailed>

/** Undoes whatever became of a request, by its key alone: for clients that do not know whether it arrived. */
export class Cancellations extends Context.Service<
  Cancellations,
  {
    /** May be repeated. An error means that nothing was undone. */
    cancel(tenant: Tenant & { readonly keyId: ApiKeyId }, idempotencyKey: string): Effect.Effect<Canceled, CancelError>
  }
>()("payment-service/transactions/Cancellations") {
  static readonly layer = Layer.effect(
    Cancellations,
    Effect.gen(function* () {
      const { plain } = yield* Database
      const repo = yield* TransactionsRepo
      const followUps = yield* FollowUps
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom

      // In whatever version it is.
      const carryOut = (followUp: FollowUp) =>
        Effect.catchTag(followUps.carryOut(followUp), "PreconditionFailed", Effect.die)

      const undone = Effect.fnUntraced(function* (
        tenant: Tenant & { readonly keyId: ApiKeyId },
        key: string,
        { payment, transactionId, type }: Existing
      ) {
        const isFirst = type === "sale" || type === "authorization"
        const { environment, keyId, merchantId } = tenant
        for (let attempt = 1; attempt <= attempts; attempt++) {
          // No client can send such a key, so it is the cancellation's own. A refused attempt keeps its key.
          const idempotencyKey = `cancel ${attempt} ${key}`
          const {
            isDecided,
            isReplay,
            payment: now,
            transaction
          } = yield* carryOut({
            merchantId,
            environment,
            keyId,
            paymentId: payment.id,
            idempotencyKey,
            fingerprint: cipher.fingerprint(idempotencyKey),
            versions: null,
            type: "void",
            targetId: isFirst ? null : transactionId
          })
          const isRefused = transaction.status === "declined" || transaction.status === "rejected"
          if (!isRefused) return { payment: now, isDecided }
          if (!isReplay) break
        }
        return yield* new NotVoidable()
      })

      const settled = Effect.fnUntraced(function* (
        tenant: Tenant & { readonly keyId: ApiKeyId },
        key: string,
        existing: Existing
      ): Effect.fn.Return<Canceled | "again", CancelError> {
        const { payment, status, type } = existing
        switch (status) {
          case "approved":
          case "settled":
          case "scheduled":
            if (type === "void") return yield* new NotVoidable()
            return yield* undone(tenant, key, existing)
          case "submitting":
          case "unknown": {
            if (type !== "sale" && type !== "authorization") return yield* new PaymentBusy()
            const marked = yield* markRow(plain((sql) => Statements.markStatement(sql, payment.id)))
            return Option.isSome(marked) ? { payment, isDecided: false } : "again"
          }
          default:
            return { payment, isDecided: true }
        }
      })

      const cancel = Effect.fn("Cancellations.cancel")(function* (
        tenant: Tenant & { readonly keyId: ApiKeyId },
        key: string
      ): Effect.fn.Return<Canceled, CancelError> {
        const standing = Option.getOrUndefined(
          yield* standingRow(plain((sql) => Statements.mayActStatement(sql, tenant)))
        )
        if (standing?.is_active === false) return yield* new MerchantSuspended()
        if (standing?.has_key !== true) return yield* new InvalidApiKey()
        const id = TransactionIds.fromUuid(yield* random.uuidV7())
        const buried = yield* markRow(plain((sql) => Statements.tombstoneStatement(sql, tenant, key, id)))
        if (Option.isSome(buried)) return { payment: null, isDecided: true }
        for (let attempt = 0; attempt < 3; attempt++) {
          const existing = yield* repo.findByKey(tenant, key)
          if (Option.isNone(existing)) {
            const tombstone = yield* markRow(plain((sql) => Statements.isTombstoneStatement(sql, tenant, key)))
            if (Option.isSome(tombstone)) return { payment: null, isDecided: true }
          } else {
            const canceled = yield* settled(tenant, key, existing.value)
            if (canceled !== "again") return canceled
          }
        }
        return yield* new PaymentBusy()
      })

      return Cancellations.of({ cancel })
    })
  )
}

/** How often EPX may be asked to undo one request. */
const attempts = 5

const standingRow = rowOf(Schema.Struct({ is_active: Schema.Boolean, has_key: Schema.Boolean }))
const markRow = rowOf(Schema.Struct({ id: Schema.String }))
