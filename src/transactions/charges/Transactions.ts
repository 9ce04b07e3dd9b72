import { Context, DateTime, Effect, Layer, Metric, Option, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import type { TooManyDeclines } from "../../domain/ChargeErrors.ts"
import { PaymentIds, TransactionIds } from "../../domain/Ids.ts"
import type { Payment } from "../../domain/Payment.ts"
import type { EpxRequest } from "../../epx/Request.ts"
import { paymentAmount, paymentsTotal } from "../../telemetry/Metrics.ts"
import { traced } from "../../telemetry/Traced.ts"
import { type Done, type Intent, type IntentError, Intents } from "../Intents.ts"
import { chargeSettlement } from "../Outcome.ts"
import type { Settlement } from "../Settlement.ts"
import { TransactionsRepo } from "../TransactionsRepo.ts"
import { type Charge, type ChargeIds, type ChargeRefusal, type ClaimedCharge, processingPayment } from "./Charge.ts"

/** Who looks on when something is charged. */
export interface Watch {
  /** Why nothing new is to be charged. A charge that has its key already is told all the same. */
  readonly objection: Effect.Effect<TooManyDeclines | undefined>
  /** Runs when the charge is declined, whether or not the caller is still there. */
  readonly onDeclined: Effect.Effect<void>
}

const nobody: Watch = { objection: Effect.undefined, onDeclined: Effect.void }

export type ChargeError = IntentError | ChargeRefusal

export class Transactions extends Context.Service<
  Transactions,
  {
    /**
     * Charges once per key. Waits for the outcome as long as `softAnswer` says and then tells what is known: a payment
     * that is still `processing` or `unknown` is decided without the caller. An error means that nothing was charged.
     */
    charge(charge: Charge, watch?: Watch): Effect.Effect<Done, ChargeError | TooManyDeclines>
  }
>()("payment-service/transactions/Transactions") {
  static readonly layer = Layer.effect(
    Transactions,
    Effect.gen(function* () {
      const repo = yield* TransactionsRepo
      const intents = yield* Intents
      const random = yield* SecureRandom.SecureRandom

      const newIds = Effect.flatMap(random.uuidV7(), (payment) =>
        Effect.map(
          random.uuidV7(),
          (transaction): ChargeIds => ({
            paymentId: PaymentIds.fromUuid(payment),
            transactionId: TransactionIds.fromUuid(transaction)
          })
        )
      )

      const intentOf = (
        charge: Charge,
        { objection, onDeclined }: Watch,
        ids: ChargeIds
      ): Intent<ClaimedCharge, ChargeRefusal | TooManyDeclines> => ({
        type: charge.type,
        tenant: charge,
        idempotencyKey: charge.idempotencyKey,
        fingerprint: charge.fingerprint,
        transactionId: ids.transactionId,
        objection,
        claim: Effect.map(repo.claim(charge, ids), Option.map(Result.succeed)),
        // A charge has its pair from its claim on.
        reclaim: ({ claimed }) =>
          claimed === null ? Effect.die(new Error("A charge without a pair")) : Effect.succeed(Result.succeed(claimed)),
        refusal: repo.refusal(charge),
        request: (claimed) => requestOf(charge, claimed),
        settled: (claimed) => ({
          id: claimed.transactionId,
          paymentId: claimed.paymentId,
          type: charge.type,
          amount: charge.amount,
          target: null
        }),
        settlement: ({ policy }, result) => chargeSettlement(charge.amount, policy, result),
        onSettled: (payment, settlement) =>
          isDeclined(settlement) ? Effect.andThen(count(charge, payment), onDeclined) : count(charge, payment),
        provisional: Effect.map(DateTime.now, (now) => processingPayment(charge, ids, now))
      })

      const spanOfCharge = traced("Transactions.charge")
      const charge = (charge: Charge, watch: Watch = nobody) =>
        Effect.flatMap(newIds, (ids) =>
          Effect.andThen(
            Effect.annotateCurrentSpan({ "payment.id": ids.paymentId, "transaction.id": ids.transactionId }),
            intents.carryOut(intentOf(charge, watch, ids))
          )
        ).pipe(spanOfCharge)

      return Transactions.of({ charge })
    })
  )
}

const requestOf = (charge: Charge, claimed: ClaimedCharge): EpxRequest => ({
  operation: charge.type,
  method: { kind: "card" },
  environment: charge.environment,
  key: claimed.key,
  pair: claimed.pair,
  paymentId: claimed.paymentId,
  transactionId: claimed.transactionId,
  bric: charge.bric,
  amount: charge.amount,
  billing: charge.billing,
  orderRef: charge.orderRef ?? undefined
})

/** By the bank, or by what the merchant demands of address and code. What EPX refuses tells nothing of a card. */
const isDeclined = ({ status, undo }: Settlement) => status === "declined" || undo === "avs" || undo === "cvv"

const count = ({ amount, currency, type }: Charge, { status }: Payment): Effect.Effect<void> => {
  const one = Metric.update(paymentsTotal({ operation: type, outcome: status }), 1)
  return status === "captured" || status === "authorized"
    ? Effect.andThen(one, Metric.update(paymentAmount({ operation: type, currency }), amount))
    : one
}
