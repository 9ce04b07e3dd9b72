import { Cause, Clock, Context, Effect, Exit, Fiber, FiberMap, Layer, Metric, Option, Queue, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { TransactionIds } from "../domain/Ids.ts"
import type { EpxRequest } from "../epx/Request.ts"
import type { EpxResult } from "../epx/Result.ts"
import { lastSweep, resolutionsTotal, unknownAge, unknownTransactions } from "../telemetry/Metrics.ts"
import { Calls } from "./Calls.ts"
import { type Doubt, nextStep, type ReversalAttempt } from "./Reversal.ts"
import { type ClaimedReversal, type History, ReversalsRepo } from "./ReversalsRepo.ts"
import type { Target } from "./Target.ts"

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
      const repo = yield* ReversalsRepo
      const calls = yield* Calls
      const random = yield* SecureRandom.SecureRandom
      const working = yield* FiberMap.make<Target["id"]>()
      const wakes = yield* Queue.sliding<void>(1)
      const wake = Effect.asVoid(Queue.offer(wakes, undefined))

      const reverse = Effect.fn("Resolver.reverse")(function* (target: Target) {
        const reversalId = TransactionIds.fromUuid(yield* random.uuidV7())
        yield* Effect.annotateCurrentSpan({ "transaction.id": target.id, "reversal.id": reversalId })
        const call = yield* calls.begin<ClaimedReversal, void, DatabaseUnavailable>({
          claim: Effect.map(
            repo.claim(target, reversalId),
            Result.fromOption(() => undefined)
          ),
          request: (claimed) => reversalRequest(target, reversalId, claimed),
          within_ms: ({ left_ms }) => left_ms,
          settle: (_, result) => settleReversal(repo, reversalId, result)
        })
        yield* Fiber.join(call)
      })

      const advance = Effect.fn("Resolver.advance")(function* (
        target: Target
      ): Effect.fn.Return<void, DatabaseUnavailable> {
        const history = Option.getOrUndefined(yield* repo.history(target))
        if (history === undefined) return
        const step = nextStep(doubtOf(history))
        switch (step._tag) {
          case "Resolve":
            if (yield* repo.resolve(target, step.status)) {
              yield* Metric.update(Metric.withAttributes(resolutionsTotal, { outcome: step.status }), 1)
              yield* Effect.logInfo("Unknown outcome resolved").pipe(
                Effect.annotateLogs({ transaction_id: target.id, outcome: step.status })
              )
            }
            return
          case "GiveUp":
            yield* repo.schedule(target, null)
            yield* Metric.update(Metric.withAttributes(resolutionsTotal, { outcome: "given_up" }), 1)
            return yield* Effect.logError("Unknown outcome needs a person: no reversal settled it").pipe(
              Effect.annotateLogs({ transaction_id: target.id, payment_id: target.paymentId })
            )
          case "Send":
            if (step.at > history.age) return yield* repo.schedule(target, step.at)
            yield* reverse(target)
            return yield* advance(target)
        }
      })

      const work = (target: Target) =>
        Effect.exit(advance(target)).pipe(
          Effect.tap((exit) => complain(`Unknown outcome ${target.id} has to wait`, exit)),
          Effect.andThen(FiberMap.size(working)),
          // Once half the places are free, a look for more is worth its statements.
          Effect.flatMap((size) => (size === atOnce / 2 ? wake : Effect.void))
        )

      /** Whether there was more to do than fitted. */
      const sweep = Effect.gen(function* () {
        const taken = yield* untraced(repo.takeOver(takeOverBatch))
        const free = atOnce - (yield* FiberMap.size(working))
        const due = yield* untraced(
          repo.due(
            free,
            Array.from(working, ([id]) => id)
          )
        )
        for (const target of due) yield* FiberMap.run(working, target.id, work(target))
        if (taken === takeOverBatch) return true
        const unknown = yield* untraced(repo.unknown)
        yield* Metric.update(unknownTransactions, unknown.count)
        yield* Metric.update(unknownAge, unknown.oldest_age_s)
        yield* Metric.update(lastSweep, Math.floor((yield* Clock.currentTimeMillis) / 1000))
        return false
      })

      // Whatever goes wrong in one sweep, even a bug, the next one comes: nobody else looks after these payments.
      const loop = Effect.gen(function* () {
        const swept = yield* Effect.exit(sweep)
        yield* complain("The resolver could not sweep", swept)
        if (Exit.isFailure(swept) || !swept.value) yield* Effect.timeoutOption(Queue.take(wakes), interval)
      })

      yield* Effect.forkScoped(Effect.forever(loop))
      return Resolver.of({ wake })
    })
  )
}

/** No more than EPX connections are kept for reversals. */
const atOnce = 64
const takeOverBatch = 100
const interval = "1 second"

/** Every second, and mostly in vain: as traces these would bury the others. */
const untraced = Effect.withTracerEnabled(false)

const complain = (what: string, exit: Exit.Exit<unknown, DatabaseUnavailable>) =>
  Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? Effect.void : Effect.logError(what, exit.cause)

const doubtOf = ({ age, is_answered, reversals }: History): Doubt => ({
  age,
  isAnswered: is_answered,
  attempts: reversals.map(attemptOf)
})

const attemptOf = ({ at, response_code, status }: History["reversals"][number]): ReversalAttempt => {
  if (status === "approved") return { at, outcome: "approved" }
  if (status === "failed") return { at, outcome: "not_sent" }
  // Only a reply that was known to be ours: a 25 that belonged to another request denies nothing.
  return { at, outcome: status === "rejected" && response_code === notFound ? "not_found" : "undecided" }
}

/** EPX, timeout reversal: the pair is not known. */
const notFound = "25"

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

const settleReversal = (repo: ReversalsRepo["Service"], reversalId: Target["id"], result: EpxResult) => {
  switch (result._tag) {
    case "Replied":
      return repo.settle(reversalId, result.outcome, result.answer, null)
    case "NotSent":
      return repo.settle(reversalId, "failed", null, `not sent (${result.reason}): ${result.detail}`)
    case "InDoubt":
      return repo.settle(reversalId, "unknown", result.answer, `${result.reason}: ${result.detail}`)
  }
}
