import { Context, DateTime, Effect, Exit, Fiber, Layer, Metric, Option, Ref, Result, Schedule } from "effect"
import { SecureRandom } from "effect/crypto"
import type { InvalidApiKey, MerchantSuspended } from "../domain/AccessErrors.ts"
import { GatewayUnavailable, IdempotencyKeyReused, type TerminalMissing } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import type { Payment } from "../domain/Payment.ts"
import type { EpxRequest } from "../epx/Request.ts"
import type { EpxResult } from "../epx/Result.ts"
import { paymentAmount, paymentsTotal } from "../telemetry/Metrics.ts"
import { Calls } from "./Calls.ts"
import { type Charge, type ChargeIds, type ClaimedCharge, processingPayment } from "./Charge.ts"
import { softAnswer } from "./Deadlines.ts"
import { settlementOf } from "./Outcome.ts"
import { Resolver } from "./Resolver.ts"
import { type Existing, TransactionsRepo } from "./TransactionsRepo.ts"

/** The payment a key stands for. */
export interface Charged {
  readonly payment: Payment
  /** The key had been used before, for the same request. */
  readonly isReplay: boolean
}

export type ChargeError =
  | DatabaseUnavailable
  | GatewayUnavailable
  | IdempotencyKeyReused
  | InvalidApiKey
  | MerchantSuspended
  | TerminalMissing

export class Transactions extends Context.Service<
  Transactions,
  {
    /**
     * Charges once per key. Waits for the outcome as long as `softAnswer` says and then tells what is known: a payment
     * that is still `processing` or `unknown` is decided without the caller. An error means that nothing was charged.
     */
    charge(charge: Charge): Effect.Effect<Charged, ChargeError>
  }
>()("payment-service/transactions/Transactions") {
  static readonly layer = Layer.effect(
    Transactions,
    Effect.gen(function* () {
      const repo = yield* TransactionsRepo
      const calls = yield* Calls
      const resolver = yield* Resolver
      const random = yield* SecureRandom.SecureRandom

      const stored = Effect.fnUntraced(function* (charge: Charge, isReplay: boolean) {
        const existing = yield* repo.findByKey(charge)
        if (Option.isNone(existing)) return yield* new GatewayUnavailable()
        if (!isSame(existing.value, charge)) return yield* new IdempotencyKeyReused()
        return { payment: existing.value.payment, isReplay }
      })

      /** The claim of this call, or the payment that stands under its key already. */
      const claim = Effect.fnUntraced(function* (charge: Charge, ids: ChargeIds) {
        const claimed = yield* repo.claim(charge, ids)
        if (Option.isSome(claimed)) return Result.succeed(claimed.value)
        const existing = yield* repo.findByKey(charge)
        if (Option.isNone(existing)) return yield* repo.refusal(charge)
        // A claim whose answer was lost, found again by its id: it is still ours to send.
        if (existing.value.claimed.transactionId === ids.transactionId) return Result.succeed(existing.value.claimed)
        return isSame(existing.value, charge)
          ? Result.fail<Charged>({ payment: existing.value.payment, isReplay: true })
          : yield* new IdempotencyKeyReused()
      })

      const settle = Effect.fnUntraced(function* (charge: Charge, claimed: ClaimedCharge, result: EpxResult) {
        const settlement = settlementOf(charge.type, charge.amount, result)
        const settled = yield* repo.settle(claimed, settlement)
        if (Option.isNone(settled)) {
          yield* Effect.logWarning("An answer came after its call was taken over").pipe(
            Effect.annotateLogs({ transaction_id: claimed.transactionId, status: settlement.status })
          )
          return undefined
        }
        const payment = settled.value
        yield* count(charge, payment)
        if (settlement.status === "unknown") yield* resolver.wake
        return { payment, isReplay: false }
      })

      /** At the soft deadline. A call that is on record goes on even if the database cannot be asked about it now. */
      const whatIsKnown = (charge: Charge, ids: ChargeIds, isClaimed: Ref.Ref<boolean>) =>
        Effect.catchTag(soon(stored(charge, false)), "DatabaseUnavailable", (error) =>
          Effect.gen(function* () {
            if (!(yield* Ref.get(isClaimed))) return yield* error
            return { payment: processingPayment(charge, ids, yield* DateTime.now), isReplay: false }
          })
        )

      const awaitDecision = (charge: Charge, known: Charged) =>
        known.payment.status === "processing"
          ? stored(charge, true).pipe(
              Effect.repeat({ schedule: decisionPoll, while: ({ payment }) => payment.status === "processing" }),
              Effect.timeoutOrElse({ duration: softAnswer, orElse: () => Effect.succeed(known) }),
              // It is on its way, whether or not the database can be asked about it now.
              Effect.catchTag("DatabaseUnavailable", () => Effect.succeed(known))
            )
          : Effect.succeed(known)

      const charge = Effect.fn("Transactions.charge")(function* (charge: Charge) {
        const ids = {
          paymentId: PaymentIds.fromUuid(yield* random.uuidV7()),
          transactionId: TransactionIds.fromUuid(yield* random.uuidV7())
        }
        yield* Effect.annotateCurrentSpan({ "payment.id": ids.paymentId, "transaction.id": ids.transactionId })
        const isClaimed = yield* Ref.make(false)
        const call = yield* calls.begin<ClaimedCharge, Charged | undefined, ChargeError>({
          claim: Effect.retry(claim(charge, ids), { schedule: claimRetry, while: isUnavailable }).pipe(
            Effect.tap((claimed) => Ref.set(isClaimed, Result.isSuccess(claimed)))
          ),
          request: (claimed) => requestOf(charge, claimed),
          settle: (claimed, result) => settle(charge, claimed, result)
        })
        const ended = Option.getOrUndefined(yield* Effect.timeoutOption(Fiber.await(call), softAnswer))
        // A call on record that failed all the same is not an error to tell: EPX may have carried it out.
        const isLost = ended !== undefined && Exit.isFailure(ended) && (yield* Ref.get(isClaimed))
        const charged = ended === undefined || isLost ? undefined : yield* ended
        const known = charged ?? (yield* whatIsKnown(charge, ids, isClaimed))
        if (known.payment.status === "failed") return yield* new GatewayUnavailable()
        return known.isReplay ? yield* awaitDecision(charge, known) : known
      })

      return Transactions.of({ charge })
    })
  )
}

/** What is left between the soft answer and the deadline of the request. */
const soon = Effect.timeoutOrElse({
  duration: "2 seconds",
  orElse: () => Effect.fail(new DatabaseUnavailable({ reason: "timeout" }))
})

const isSame = ({ fingerprint }: Existing, charge: Charge) => Buffer.from(fingerprint).equals(charge.fingerprint)

/** Within the fence, so that a claim that succeeds late can still be sent. */
const claimRetry = Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 4 }))

const isUnavailable = (error: ChargeError): boolean => error instanceof DatabaseUnavailable

const decisionPoll = Schedule.min([Schedule.exponential("25 millis", 1.5), Schedule.spaced("500 millis")])

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

const count = Effect.fnUntraced(function* ({ amount, currency, type }: Charge, { status }: Payment) {
  yield* Metric.update(Metric.withAttributes(paymentsTotal, { operation: type, outcome: status }), 1)
  if (status === "captured" || status === "authorized") {
    yield* Metric.update(Metric.withAttributes(paymentAmount, { operation: type, currency }), amount)
  }
})
