import { Clock, Context, Effect, Fiber, FiberMap, Layer, Metric, Option, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../../domain/DatabaseUnavailable.ts"
import { TransactionIds } from "../../domain/Ids.ts"
import type { TransactionStatus } from "../../domain/Transaction.ts"
import { CustomPay } from "../../epx/CustomPay.ts"
import type { EpxRequest } from "../../epx/Request.ts"
import {
  exceptionsAge,
  exceptionsOpen,
  lastSweep,
  resolutionsTotal,
  unknownAge,
  unknownTransactions
} from "../../telemetry/Metrics.ts"
import { requestOf } from "../CallRequest.ts"
import { Calls } from "../Calls.ts"
import type { ClaimedCall } from "../ClaimedCall.ts"
import { attemptSettlement, refusedReversal, settlement } from "../Outcome.ts"
import type { Resolution, Settled, Settlement } from "../Settlement.ts"
import { complain, sweepForever, untraced } from "../Sweep.ts"
import type { Target } from "../Target.ts"
import { TransactionsRepo } from "../TransactionsRepo.ts"
import { attemptOf, type Doubt, nextStep } from "./Doubt.ts"
import { type ClaimedReversal, DoubtsRepo, type History } from "./DoubtsRepo.ts"
import { foundSettlement } from "./LookUp.ts"

/** Brings every call of unknown outcome to a definite end, or to the people who must find out. */
export class Resolver extends Context.Service<
  Resolver,
  {
    /** Looks at once instead of at the next sweep. */
    readonly wake: Effect.Effect<void>
  }
>()("payment-service/transactions/Resolver") {
  static readonly layer = Layer.effect(
    Resolver,
    Effect.gen(function* () {
      const repo = yield* DoubtsRepo
      const transactions = yield* TransactionsRepo
      const calls = yield* Calls
      const customPay = yield* CustomPay
      const random = yield* SecureRandom.SecureRandom
      const working = yield* FiberMap.make<Target["id"]>()

      /** Whether there was one to make: otherwise somebody else is at it, or the outcome is known by now. */
      const reverse = Effect.fn("Resolver.reverse")(function* (target: Target) {
        const reversalId = TransactionIds.fromUuid(yield* random.uuidV7())
        yield* Effect.annotateCurrentSpan({ "transaction.id": target.id, "reversal.id": reversalId })
        const call = yield* calls.begin<ClaimedReversal, boolean, DatabaseUnavailable>({
          type: "timeout_reversal",
          about: target.paymentId,
          lane: "resolver",
          claim: Effect.map(
            repo.claimReversal(target, reversalId),
            Result.fromOption(() => false)
          ),
          request: (claimed) => reversalRequest(target, reversalId, claimed),
          within_ms: ({ left_ms }) => left_ms,
          settle: (_, result) => Effect.as(repo.settleAttempt(reversalId, attemptSettlement(result)), true)
        })
        return yield* Fiber.join(call)
      })

      /** Whether there was one to make. */
      const probe = Effect.fn("Resolver.probe")(function* (target: Target) {
        const probeId = TransactionIds.fromUuid(yield* random.uuidV7())
        yield* Effect.annotateCurrentSpan({ "transaction.id": target.id, "probe.id": probeId })
        const call = yield* calls.begin<ClaimedCall, boolean, DatabaseUnavailable>({
          type: "probe",
          about: target.paymentId,
          lane: "resolver",
          claim: Effect.map(
            repo.claimProbe(target, probeId),
            Result.fromOption(() => false)
          ),
          request: requestOf,
          settle: (_, result) => Effect.as(repo.settleAttempt(probeId, attemptSettlement(result)), true)
        })
        return yield* Fiber.join(call)
      })

      const resolve = Effect.fnUntraced(function* (call: Settled, outcome: Settlement, resolution: Resolution) {
        if (Option.isNone(yield* transactions.resolve(call, outcome, resolution))) return
        yield* count(outcome.status, resolution.by)
        yield* Effect.logInfo("Unknown outcome resolved").pipe(
          Effect.annotateLogs({ transaction_id: call.id, outcome: outcome.status, source: resolution.by })
        )
      })

      /** Whether there was one to make. */
      const lookUp = Effect.fn("Resolver.lookUp")(function* (target: Target, history: History) {
        yield* Effect.annotateCurrentSpan({ "transaction.id": target.id })
        const query = Option.getOrUndefined(yield* repo.claimLookUp(target))
        if (query === undefined) return false
        const found = foundSettlement(history, yield* customPay.find(query))
        if (found !== null) yield* resolve(callOf(target, history), found, { by: "lookup", doneBy: null })
        return true
      })

      const resolved = Effect.fnUntraced(function* (
        target: Target,
        history: History,
        status: TransactionStatus,
        by: "reversal" | "probe"
      ) {
        // A capture that took the place of the one in doubt is the one EPX knows, by its pair and its token.
        const doneBy =
          history.type === "capture" ? history.attempts.find((made) => made.status === "approved") : undefined
        const bric = doneBy === undefined ? null : yield* repo.bricOf(doneBy.id)
        const answer = bric === null ? null : { ...noAnswer, bric }
        const outcome = { ...settlement(status), answer }
        yield* resolve(callOf(target, history), outcome, { by, doneBy: doneBy?.id ?? null })
      })

      const advance = Effect.fn("Resolver.advance")(function* (
        target: Target,
        holdsLease: boolean
      ): Effect.fn.Return<void, DatabaseUnavailable> {
        const history = Option.getOrUndefined(yield* repo.history(target))
        if (history === undefined) return
        const step = nextStep(doubtOf(history))
        switch (step._tag) {
          case "Resolve":
            return yield* resolved(target, history, step.status, step.by)
          case "GiveUp":
            yield* repo.schedule(target, null)
            yield* count("given_up", "none")
            return yield* Effect.logError("Unknown outcome needs a person: nothing automatic settled it").pipe(
              Effect.annotateLogs({ transaction_id: target.id, payment_id: target.paymentId })
            )
          default:
            // What follows at once has to be due as well: until the lease ends, nobody else would find it to be.
            if (step.at > history.age || holdsLease) yield* repo.schedule(target, step.at)
            if (step.at > history.age) return
            if (step._tag === "LookUp") {
              // The next one comes when its time has come, and not before a pause.
              if (yield* lookUp(target, history)) return yield* advance(target, false)
            } else if (yield* step._tag === "Reverse" ? reverse(target) : probe(target)) {
              return yield* advance(target, true)
            }
        }
      })

      const work = (target: Target, wake: Effect.Effect<void>) =>
        Effect.exit(advance(target, false)).pipe(
          Effect.tap((exit) => complain(`Unknown outcome ${target.id} has to wait`, exit)),
          Effect.andThen(FiberMap.size(working)),
          // Once half the places are free, a look for more is worth its statements.
          Effect.flatMap((size) => (size === atOnce / 2 ? wake : Effect.void))
        )

      /** Whether there was more to do than fitted. */
      const sweep = Effect.fnUntraced(function* (wake: Effect.Effect<void>) {
        const taken = yield* untraced(repo.takeOver(takeOverBatch))
        const free = atOnce - (yield* FiberMap.size(working))
        const busy = Array.from(working, ([id]) => id)
        for (const target of yield* untraced(repo.due(free, busy))) {
          yield* FiberMap.run(working, target.id, work(target, wake))
        }
        if (taken === takeOverBatch) return true
        const unknown = yield* untraced(repo.unknown)
        yield* Metric.update(unknownTransactions, unknown.count)
        yield* Metric.update(unknownAge, unknown.oldest_age_s)
        yield* Metric.update(exceptionsOpen, unknown.exceptions)
        yield* Metric.update(exceptionsAge, unknown.exception_age_s)
        yield* Metric.update(lastSweep, Math.floor((yield* Clock.currentTimeMillis) / 1000))
        return false
      })

      return Resolver.of({ wake: yield* sweepForever("The resolver", sweep) })
    })
  )
}

/** No more than EPX connections are kept for the resolver. */
const atOnce = 64
const takeOverBatch = 100

const count = (outcome: string, source: string) => Metric.update(resolutionsTotal({ outcome, source }), 1)

const callOf = ({ id, paymentId }: Target, history: History): Settled => {
  const { amount, amount_approved, target_amount, target_id, target_type, type } = history
  // A reversal is never a target itself.
  if (type === "reversal") throw new Error(`Transaction ${id} is a reversal`)
  return {
    id,
    paymentId,
    type,
    amount: type === "sale" || type === "authorization" ? (amount_approved ?? amount) : amount,
    target:
      target_id === null || target_type === null || target_amount === null
        ? null
        : { id: target_id, type: target_type, amount: target_amount }
  }
}

const noAnswer = {
  responseCode: null,
  networkResponse: null,
  authorizationCode: null,
  networkTransactionId: null,
  avs: null,
  cvv: null,
  card: { brand: null, last4: null },
  amountApproved: null
} as const

const doubtOf = (history: History): Doubt => ({
  type: history.type === "reversal" ? "void" : history.type,
  attempts: history.attempts.map(({ at, kind, response_code, status }) => attemptOf(kind, at, status, response_code)),
  age: history.age,
  isAnswered: history.is_answered,
  hasBric: history.has_bric,
  isRepeatable: history.multiple_captures,
  isRefused: history.doubt === refusedReversal,
  isForced: !history.has_key,
  isVoidable: history.is_voidable,
  lookups: history.has_lookup ? history.lookups : null
})

const reversalRequest = (target: Target, reversalId: Target["id"], claimed: ClaimedReversal): EpxRequest => {
  const { batch_id, environment, left_ms: _, tran_nbr, ...key } = claimed
  return {
    operation: "timeout_reversal",
    environment,
    key,
    pair: { batch_id, tran_nbr },
    paymentId: target.paymentId,
    transactionId: reversalId
  }
}
