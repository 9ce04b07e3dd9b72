import { Context, Effect, Fiber, FiberMap, Layer, Metric, Option, Queue, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { TransactionIds } from "../domain/Ids.ts"
import type { EpxRequest } from "../epx/Request.ts"
import type { EpxResult } from "../epx/Result.ts"
import { resolutionsTotal, unknownAge, unknownTransactions } from "../telemetry/Metrics.ts"
import { Calls } from "./Calls.ts"
import { nextStep, type ReversalAttempt } from "./Reversal.ts"
import { type ClaimedReversal, type History, ReversalsRepo, type Target } from "./ReversalsRepo.ts"

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
        const step = nextStep(history.reversals.map(attemptOf), history.age)
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
            return yield* Effect.logError("Unknown outcome needs a person: no reversal was definite in time").pipe(
              Effect.annotateLogs({ transaction_id: target.id, payment_id: target.paymentId })
            )
          case "Send":
            if (step.at > history.age) return yield* repo.schedule(target, step.at)
            yield* reverse(target)
            return yield* advance(target)
        }
      })

      const sweep = Effect.gen(function* () {
        yield* Effect.forEach(yield* repo.expired(batch), repo.takeOver, { concurrency: 4, discard: true })
        for (const target of yield* repo.due(batch)) {
          const work = Effect.catch(advance(target), (error) => Effect.logWarning("Resolver waits", error))
          yield* FiberMap.run(working, target.id, work, { onlyIfMissing: true })
        }
        const unknown = yield* repo.unknown
        yield* Metric.update(unknownTransactions, unknown.count)
        yield* Metric.update(unknownAge, unknown.oldest_age_s)
      }).pipe(Effect.catch((error) => Effect.logWarning("Resolver cannot sweep", error)))

      yield* Effect.forkScoped(Effect.forever(Effect.andThen(sweep, Effect.timeoutOption(Queue.take(wakes), interval))))
      return Resolver.of({ wake: Effect.asVoid(Queue.offer(wakes, undefined)) })
    })
  )
}

const batch = 100
const interval = "1 second"

const attemptOf = ({ at, response_code, status }: History["reversals"][number]): ReversalAttempt => ({
  at,
  outcome: status === "approved" ? "approved" : response_code === notFound ? "not_found" : "undecided"
})

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
