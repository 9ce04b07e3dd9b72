import { Context, Effect, Exit, Fiber, FiberMap, Layer, Metric, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../../domain/DatabaseUnavailable.ts"
import { TransactionIds } from "../../domain/Ids.ts"
import { followUpsTotal } from "../../telemetry/Metrics.ts"
import { requestOf } from "../CallRequest.ts"
import { Calls } from "../Calls.ts"
import type { ClaimedCall } from "../ClaimedCall.ts"
import { DoubtsRepo } from "../doubts/DoubtsRepo.ts"
import { attemptSettlement, followUpSettlement } from "../Outcome.ts"
import { complain, sweepForever, untraced } from "../Sweep.ts"
import type { Target } from "../Target.ts"
import { TransactionsRepo } from "../TransactionsRepo.ts"
import { UpkeepRepo } from "./UpkeepRepo.ts"

/**
 * Does what falls due without anybody asking: undoes payments that must not stand, voids late approvals, sends refunds
 * that waited for a settlement, takes batches for settled, and ends authorizations. Every process does it; the rows
 * say who.
 */
export class Upkeep extends Context.Service<
  Upkeep,
  {
    /** Looks at once instead of at the next sweep. */
    readonly wake: Effect.Effect<void>
  }
>()("payment-service/transactions/Upkeep") {
  static readonly layer = Layer.effect(
    Upkeep,
    Effect.gen(function* () {
      const repo = yield* UpkeepRepo
      const doubts = yield* DoubtsRepo
      const transactions = yield* TransactionsRepo
      const calls = yield* Calls
      const random = yield* SecureRandom.SecureRandom
      const refunding = yield* FiberMap.make<Target["id"]>()
      const voiding = yield* FiberMap.make<Target["id"]>()
      const undoing = yield* FiberMap.make<Target["paymentId"]>()

      const settle = Effect.fnUntraced(function* (
        call: ClaimedCall,
        settlement: ReturnType<typeof followUpSettlement>
      ) {
        yield* transactions.settle(call, settlement)
        const labels = { operation: call.type, outcome: settlement.status }
        yield* Metric.update(followUpsTotal(labels), 1)
      })

      const refund = Effect.fn("Upkeep.refund")(function* (target: Target) {
        const call = yield* calls.begin<ClaimedCall, void, DatabaseUnavailable>({
          type: "scheduled_refund",
          about: target.paymentId,
          claim: Effect.map(
            repo.startRefund(target),
            Result.fromOption(() => undefined)
          ),
          request: requestOf,
          settle: (call, result) =>
            result._tag === "NotSent"
              ? repo.postponeRefund(call, `not sent (${result.reason}): ${result.detail}`)
              : settle(call, followUpSettlement(call, result))
        })
        yield* Fiber.join(call)
      })

      const undo = Effect.fn("Upkeep.undo")(function* (paymentId: Target["paymentId"], wake: Effect.Effect<void>) {
        const id = TransactionIds.fromUuid(yield* random.uuidV7())
        yield* Effect.annotateCurrentSpan({ "payment.id": paymentId, "transaction.id": id })
        const call = yield* calls.begin<ClaimedCall, boolean, DatabaseUnavailable>({
          type: "undo",
          about: paymentId,
          lane: "resolver",
          claim: Effect.map(
            repo.claimUndo(paymentId, id),
            Result.fromOption(() => false)
          ),
          request: requestOf,
          settle: (call, result) => Effect.as(settle(call, followUpSettlement(call, result)), true)
        })
        // After the first void of a payment there may be a second. Where there was nothing to do, it is not asked
        // again.
        if (yield* Fiber.join(call)) yield* wake
      })

      const voidLate = Effect.fn("Upkeep.voidLate")(function* (target: Target) {
        const voidId = TransactionIds.fromUuid(yield* random.uuidV7())
        yield* Effect.annotateCurrentSpan({ "transaction.id": target.id, "void.id": voidId })
        const call = yield* calls.begin<ClaimedCall, void, DatabaseUnavailable>({
          type: "probe",
          about: target.paymentId,
          lane: "resolver",
          claim: Effect.map(
            repo.claimLate(target, voidId),
            Result.fromOption(() => undefined)
          ),
          request: requestOf,
          settle: (_, result) => {
            const outcome = attemptSettlement(result)
            const log = outcome.status === "approved" ? Effect.logWarning : Effect.logError
            return doubts
              .settleAttempt(voidId, outcome)
              .pipe(
                Effect.tap(
                  log("A late approval was voided, if the outcome says so").pipe(
                    Effect.annotateLogs({ transaction_id: target.id, void_id: voidId, outcome: outcome.status })
                  )
                )
              )
          }
        })
        yield* Fiber.join(call)
      })

      const work = (what: string, job: Effect.Effect<void, DatabaseUnavailable>) =>
        Effect.flatMap(Effect.exit(job), (exit) => complain(what, exit))

      /** A step that fails must not keep the others from being taken. True: there is more. */
      const step = (what: string, taken: Effect.Effect<boolean, DatabaseUnavailable>) =>
        Effect.exit(taken).pipe(
          Effect.tap((exit) => complain(what, exit)),
          Effect.map((exit) => Exit.isSuccess(exit) && exit.value)
        )

      const undoDue = (wake: Effect.Effect<void>) =>
        Effect.gen(function* () {
          const busy = Array.from(undoing, ([id]) => id)
          for (const id of yield* untraced(repo.dueUndos(atOnce - busy.length, busy))) {
            yield* FiberMap.run(undoing, id, work(`Payment ${id} could not be undone yet`, undo(id, wake)))
          }
          return false
        })

      const voidDue = Effect.gen(function* () {
        const busy = Array.from(voiding, ([id]) => id)
        for (const due of yield* untraced(repo.lateApprovals(atOnce - busy.length, busy))) {
          yield* FiberMap.run(voiding, due.id, work(`Late approval ${due.id} stands`, voidLate(due)))
        }
        return false
      })

      const refundDue = Effect.gen(function* () {
        const busy = Array.from(refunding, ([id]) => id)
        for (const due of yield* untraced(repo.dueRefunds(atOnce - busy.length, busy))) {
          yield* FiberMap.run(refunding, due.id, work(`Refund ${due.id} has to wait`, refund(due)))
        }
        return false
      })

      const isFull = (batch: number, count: Effect.Effect<number, DatabaseUnavailable>) =>
        Effect.map(untraced(count), (made) => made === batch)
      const wake = yield* sweepForever("The upkeep", (wake) =>
        Effect.map(
          Effect.all([
            step("Payments could not be undone", undoDue(wake)),
            step("Late approvals could not be voided", voidDue),
            step("Batches could not be taken for settled", isFull(bookBatch, repo.settleBatches(bookBatch))),
            // After the batches they wait for.
            step("Refunds could not be sent", refundDue),
            step("Authorizations could not be ended", isFull(bookBatch, repo.expire(bookBatch))),
            step("Guards could not be removed", isFull(purgeBatch, repo.purgeGuards(purgeBatch)))
          ]),
          (more) => more.some((is) => is)
        )
      )
      return Upkeep.of({ wake })
    })
  )
}

const atOnce = 32
const bookBatch = 200
const purgeBatch = 1000
