import { Clock, Context, Duration, Effect, Exit, type Fiber, Layer, Option, Ref, Result, Schedule } from "effect"
import { continued } from "../domain/Attempts.ts"
import { GatewayUnavailable, IdempotencyKeyReused } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { TransactionId } from "../domain/Ids.ts"
import type { Payment } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import type { TransactionStatus } from "../domain/Transaction.ts"
import type { EpxRequest } from "../epx/Request.ts"
import type { EpxResult } from "../epx/Result.ts"
import { makeTimer, type Timer } from "../running/Timer.ts"
import type { CallType } from "./Boundary.ts"
import { Calls } from "./Calls.ts"
import { softAnswer } from "./Deadlines.ts"
import { Resolver } from "./doubts/Resolver.ts"
import type { Settled, Settlement } from "./Settlement.ts"
import { type Existing, TransactionsRepo } from "./TransactionsRepo.ts"
import { Upkeep } from "./upkeep/Upkeep.ts"

/** What became of what was asked for. */
export interface Done {
  readonly payment: Payment
  /** The call made for this request. */
  readonly transaction: { readonly id: TransactionId; readonly status: TransactionStatus }
  /** The call has its outcome; otherwise it is brought to one without the caller. */
  readonly isDecided: boolean
  /** The key had been used before, for the same request. */
  readonly isReplay: boolean
}

export type IntentError = DatabaseUnavailable | GatewayUnavailable | IdempotencyKeyReused

/** What a merchant wants to happen once. */
export interface Intent<Claimed, E> {
  readonly type: CallType
  readonly tenant: Tenant
  readonly idempotencyKey: string
  /** 32 bytes that are equal for equal requests. */
  readonly fingerprint: Uint8Array
  /** Made before the claim, so that a claim repeated after a lost answer is recognised as our own. */
  readonly transactionId: TransactionId
  /** Why nothing is begun now. What stands under the key is told all the same. */
  readonly objection: Effect.Effect<E | undefined>
  /** Commits the call's record. Success: to be sent. Failure: not now. None: the key is taken, or it does not fit. */
  readonly claim: Effect.Effect<Option.Option<Result.Result<Claimed, Done>>, E | DatabaseUnavailable>
  /** The same for a record of our own that an earlier attempt left. */
  readonly reclaim: (existing: Existing) => Effect.Effect<Result.Result<Claimed, Done>, E | DatabaseUnavailable>
  /** Why the claim found nothing although the key is free. */
  readonly refusal: Effect.Effect<never, E | DatabaseUnavailable>
  readonly request: (claimed: Claimed) => EpxRequest
  readonly settled: (claimed: Claimed) => Settled
  readonly settlement: (claimed: Claimed, result: EpxResult) => Settlement
  /** After a settle of this call, with the payment as it is then. */
  readonly onSettled: (payment: Payment, settlement: Settlement) => Effect.Effect<void>
  /** The payment as far as it is known while the database cannot be asked. */
  readonly provisional: Effect.Effect<Payment, DatabaseUnavailable>
}

/** Carries out what merchants want, once for each key, and tells them within `softAnswer` what is known by then. */
export class Intents extends Context.Service<
  Intents,
  {
    /** An error means that nothing was sent; `DatabaseUnavailable`, that nothing is known to have been. */
    carryOut<Claimed, E>(intent: Intent<Claimed, E>): Effect.Effect<Done, E | IntentError>
  }
>()("payment-service/transactions/Intents") {
  static readonly layer = Layer.effect(
    Intents,
    Effect.gen(function* () {
      const repo = yield* TransactionsRepo
      const calls = yield* Calls
      const resolver = yield* Resolver
      const upkeep = yield* Upkeep
      const timer = yield* makeTimer
      const clock = yield* Clock.Clock

      const existing = <Claimed, E>({ fingerprint, idempotencyKey, tenant }: Intent<Claimed, E>) =>
        Effect.flatMap(repo.findByKey(tenant, idempotencyKey), (found) =>
          Option.isSome(found) && !Buffer.from(found.value.fingerprint).equals(fingerprint)
            ? Effect.fail(new IdempotencyKeyReused())
            : Effect.succeed(found)
        )

      const stored = <Claimed, E, Why>(intent: Intent<Claimed, E>, isReplay: boolean, whyNothing: Why) =>
        Effect.flatMap(existing(intent), (found) =>
          Option.isSome(found) ? Effect.succeed(doneOf(found.value, isReplay)) : Effect.fail(whyNothing)
        )

      /** The record to send, or what stands under its key already. */
      const claim = <Claimed, E>(intent: Intent<Claimed, E>, mayCome: Ref.Ref<boolean>) =>
        Effect.tapError(unlessItMayCome(intent.claim, Ref.get(mayCome)), (error) =>
          error instanceof DatabaseUnavailable && error.reason !== "checkout" ? Ref.set(mayCome, true) : Effect.void
        ).pipe(
          Effect.flatMap((claimed) =>
            Option.isSome(claimed) ? Effect.succeed(claimed.value) : standing(intent, mayCome)
          )
        )

      const standing = Effect.fnUntraced(function* <Claimed, E>(intent: Intent<Claimed, E>, mayCome: Ref.Ref<boolean>) {
        const found = yield* existing(intent)
        if (Option.isNone(found)) return yield* unlessItMayCome(intent.refusal, Ref.get(mayCome))
        return found.value.transactionId === intent.transactionId
          ? yield* intent.reclaim(found.value)
          : Result.fail(doneOf(found.value, true))
      })

      const settle = Effect.fnUntraced(function* <Claimed, E>(
        intent: Intent<Claimed, E>,
        claimed: Claimed,
        result: EpxResult
      ) {
        const settlement = intent.settlement(claimed, result)
        const settled = yield* repo.settle(intent.settled(claimed), settlement)
        if (Option.isNone(settled)) {
          yield* Effect.logWarning("An answer came after its call was taken over").pipe(
            Effect.annotateLogs({ transaction_id: intent.transactionId, status: settlement.status })
          )
          return undefined
        }
        const payment = settled.value
        yield* intent.onSettled(payment, settlement)
        if (settlement.status === "unknown") yield* resolver.wake
        // What is to be undone, and what a void has left to be undone, keep the payment from being decided.
        if (payment.status === "processing") yield* upkeep.wake
        const transaction = { id: intent.transactionId, status: settlement.status }
        // Whether something else holds the payment up, or something that belongs to this call, is asked once more.
        const isDecided = settlement.status !== "unknown" && payment.status !== "processing"
        return { payment, transaction, isDecided, isReplay: false }
      })

      /**
       * A call that is on record goes on even if the database cannot be asked about it now. One that is not may yet
       * come to be.
       */
      const whatIsKnown = <Claimed, E>(intent: Intent<Claimed, E>, isClaimed: Ref.Ref<boolean>) =>
        soon(
          unlessItMayCome(
            stored(intent, false, new GatewayUnavailable()),
            Effect.map(Ref.get(isClaimed), (is) => !is)
          )
        ).pipe(
          Effect.catchTag("DatabaseUnavailable", (error) =>
            Effect.gen(function* () {
              if (!(yield* Ref.get(isClaimed))) return yield* error
              const payment = yield* intent.provisional
              const transaction = { id: intent.transactionId, status: "submitting" as const }
              return { payment, transaction, isDecided: false, isReplay: false }
            })
          )
        )

      const awaitDecision = <Claimed, E>(intent: Intent<Claimed, E>, known: Done, left: Duration.Duration) =>
        isAwaited(known)
          ? stored(intent, known.isReplay, new GatewayUnavailable()).pipe(
              Effect.repeat({ schedule: decisionPoll, while: isAwaited }),
              Effect.timeoutOrElse({ duration: left, orElse: () => Effect.succeed(known) }),
              // It is on its way, whether or not the database can be asked about it now.
              Effect.catchTag("DatabaseUnavailable", () => Effect.succeed(known))
            )
          : Effect.succeed(known)

      const carryOut = Effect.fnUntraced(function* <Claimed, E>(
        intent: Intent<Claimed, E>
      ): Effect.fn.Return<Done, E | IntentError> {
        const start = clock.currentTimeMillisUnsafe()
        const isOpen = yield* calls.isOpen(intent.tenant.environment)
        const objection = isOpen ? new GatewayUnavailable() : yield* intent.objection
        if (objection !== undefined) {
          return yield* awaitDecision(intent, yield* stored(intent, true, objection), softAnswer)
        }
        const isClaimed = Ref.makeUnsafe(false)
        const mayCome = Ref.makeUnsafe(false)
        const call = yield* calls.begin<Claimed, Done | undefined, E | IntentError>({
          type: intent.type,
          about: intent.idempotencyKey,
          claim: Effect.catchIf(claim(intent, mayCome), isUnavailable, (error) =>
            continued(
              Effect.fail(error),
              claim(intent, mayCome),
              Effect.retry({ schedule: claimRetry, while: isUnavailable })
            )
          ).pipe(Effect.tap((claimed) => Ref.set(isClaimed, Result.isSuccess(claimed)))),
          request: intent.request,
          settle: (claimed, result) => settle(intent, claimed, result)
        })
        const ended = yield* endOf(call, timer)
        // A call on record that failed all the same is not an error to tell: EPX may have carried it out.
        const isLost = ended !== undefined && Exit.isFailure(ended) && (yield* Ref.get(isClaimed))
        const done = ended === undefined || isLost ? undefined : yield* ended
        const known = done ?? (yield* whatIsKnown(intent, isClaimed))
        const spent = clock.currentTimeMillisUnsafe() - start
        const left = Duration.millis(Math.max(0, Duration.toMillis(softAnswer) - spent))
        const told = yield* awaitDecision(intent, known, left)
        if (told.transaction.status === "failed") return yield* new GatewayUnavailable()
        return told
      })

      return Intents.of({ carryOut })
    })
  )
}

/** How the call ended, if it did while its client can wait for it; it goes on all the same. */
const endOf = <A, E>(call: Fiber.Fiber<A, E>, timer: Timer): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.callback((resume) => {
    const stop = timer(Duration.toMillis(softAnswer), () => {
      forget()
      resume(Effect.succeed(undefined))
    })
    const forget = call.addObserver((exit) => {
      stop()
      resume(Effect.succeed(exit))
    })
    return Effect.sync(() => {
      stop()
      forget()
    })
  })

/** Nothing is refused while an earlier attempt may yet be carried out: whoever heard "no" would see it done. */
const unlessItMayCome = <A, E>(attempt: Effect.Effect<A, E>, mayCome: Effect.Effect<boolean>) =>
  Effect.catch(attempt, (error) =>
    Effect.flatMap(mayCome, (isSo) =>
      Effect.fail(isSo && !isUnavailable(error) ? new DatabaseUnavailable({ reason: "timeout" }) : error)
    )
  )

const doneOf = ({ isDecided, payment, status, transactionId }: Existing, isReplay: boolean): Done => ({
  payment,
  transaction: { id: transactionId, status },
  isDecided,
  isReplay
})

/** What is unknown is left to the resolver; what is on its way, or undone at once, may be decided in a moment. */
const isAwaited = ({ isDecided, payment }: Done) => !isDecided && payment.status === "processing"

/** What is left between the soft answer and the deadline of the request. */
const soon = Effect.timeoutOrElse({
  duration: "2 seconds",
  orElse: () => Effect.fail(new DatabaseUnavailable({ reason: "timeout" }))
})

/** Within the fence, so that a claim that succeeds late can still be sent. */
const claimRetry = Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 4 }))

const isUnavailable = (error: unknown): error is DatabaseUnavailable => error instanceof DatabaseUnavailable

const decisionPoll = Schedule.min([Schedule.exponential("25 millis", 1.5), Schedule.spaced("500 millis")])
