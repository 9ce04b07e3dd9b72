import { Context, Effect, Layer, Metric, Option, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import { PaymentNotFound } from "../../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../../domain/DatabaseUnavailable.ts"
import { PaymentBusy } from "../../domain/FollowUpErrors.ts"
import { type TransactionId, TransactionIds } from "../../domain/Ids.ts"
import type { TransactionStatus } from "../../domain/Transaction.ts"
import { followUpsTotal } from "../../telemetry/Metrics.ts"
import { requestOf } from "../CallRequest.ts"
import type { ClaimedCall } from "../ClaimedCall.ts"
import { type Done, type IntentError, Intents } from "../Intents.ts"
import { followUpSettlement } from "../Outcome.ts"
import { TransactionsRepo } from "../TransactionsRepo.ts"
import type { FollowUp } from "./FollowUp.ts"
import { type ClaimedFollowUp, FollowUpsRepo } from "./FollowUpsRepo.ts"
import { type FollowUpRefusal, refusalOf } from "./Refusal.ts"

export type FollowUpError = IntentError | FollowUpRefusal

/** What can be done with a payment once it is approved. */
export class FollowUps extends Context.Service<
  FollowUps,
  {
    /** Captures, refunds or voids once per key; waits and answers as a charge does. An error means nothing was sent. */
    carryOut(followUp: FollowUp): Effect.Effect<Done, FollowUpError>
  }
>()("payment-service/transactions/FollowUps") {
  static readonly layer = Layer.effect(
    FollowUps,
    Effect.gen(function* () {
      const repo = yield* FollowUpsRepo
      const transactions = yield* TransactionsRepo
      const intents = yield* Intents
      const random = yield* SecureRandom.SecureRandom

      const done = Effect.fnUntraced(function* (followUp: FollowUp) {
        const stored = yield* transactions.findByKey(followUp, followUp.idempotencyKey)
        // It has just been written.
        if (Option.isNone(stored)) return yield* new DatabaseUnavailable({ reason: "connection" })
        const { isDecided, payment, status, transactionId } = stored.value
        return { payment, transaction: { id: transactionId, status }, isDecided, isReplay: false }
      })

      const toBeSent = (followUp: FollowUp, claimed: ClaimedFollowUp) =>
        claimed._tag === "ToBeSent"
          ? Effect.succeed(Result.succeed(claimed.call))
          : Effect.map(done(followUp), (it): Result.Result<ClaimedCall, Done> => Result.fail(it))

      const refusal = Effect.fnUntraced(function* (followUp: FollowUp) {
        return yield* refusalOf(followUp, yield* repo.prospect(followUp)) ?? new PaymentBusy()
      })

      /** One that had to wait too long may stand on record already, by an attempt whose answer was lost. */
      const claimOnce = (followUp: FollowUp, id: TransactionId) =>
        Effect.catchTag(repo.claim(followUp, id), "PaymentBusy", (busy) =>
          Effect.flatMap(transactions.findByKey(followUp, followUp.idempotencyKey), (found) =>
            Option.isSome(found) && found.value.transactionId === id ? Effect.succeedNone : Effect.fail(busy)
          )
        )

      const carryOut = Effect.fn("FollowUps.carryOut")(function* (followUp: FollowUp) {
        const transactionId = TransactionIds.fromUuid(yield* random.uuidV7())
        yield* Effect.annotateCurrentSpan({ "payment.id": followUp.paymentId, "transaction.id": transactionId })
        // Read first, so that there is something to tell if the database goes away while the call is on its way.
        const before = Option.getOrUndefined(yield* repo.payment(followUp))
        if (before === undefined) return yield* new PaymentNotFound()
        // What had changed while the claim waited for the payment is seen by the next one.
        const claim = Effect.flatMap(claimOnce(followUp, transactionId), (claimed) =>
          Option.isSome(claimed)
            ? Effect.succeed(claimed)
            : Effect.flatMap(repo.prospect(followUp), (prospect) =>
                refusalOf(followUp, prospect) === null ? claimOnce(followUp, transactionId) : Effect.succeedNone
              )
        )
        return yield* intents
          .carryOut<ClaimedCall, FollowUpRefusal>({
            type: followUp.type,
            tenant: followUp,
            idempotencyKey: followUp.idempotencyKey,
            fingerprint: followUp.fingerprint,
            transactionId,
            objection: Effect.undefined,
            claim: Effect.flatMap(claim, (claimed) =>
              Option.isNone(claimed) ? Effect.succeedNone : Effect.map(toBeSent(followUp, claimed.value), Option.some)
            ),
            reclaim: () => Effect.flatMap(repo.get(transactionId), (claimed) => toBeSent(followUp, claimed)),
            refusal: refusal(followUp),
            request: requestOf,
            settled: (call) => call,
            settlement: (call, result) => followUpSettlement(call, result),
            onSettled: () => Effect.void,
            provisional: Effect.succeed({ ...before, status: "processing" })
          })
          .pipe(Effect.tap(({ transaction }) => count(followUp.type, transaction.status)))
      })

      return FollowUps.of({ carryOut })
    })
  )
}

const count = (operation: FollowUp["type"], outcome: TransactionStatus) =>
  Metric.update(followUpsTotal({ operation, outcome }), 1)
