import { Context, Effect, Layer, Metric, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type Exception, type ExceptionKind, outcomesOf } from "../domain/Exception.ts"
import {
  AmountNotAllowed,
  ExceptionNotFound,
  ExceptionNotOpen,
  ExceptionResolved,
  OutcomeNotAllowed
} from "../domain/ExceptionErrors.ts"
import type { AuditEventId, TransactionId } from "../domain/Ids.ts"
import type { Payment } from "../domain/Payment.ts"
import { auditEntry } from "../postgres/AuditEntry.ts"
import { type Page, pageOf } from "../postgres/Page.ts"
import { resolutionsTotal } from "../telemetry/Metrics.ts"
import { settlement } from "../transactions/Outcome.ts"
import type { Settled, Settlement } from "../transactions/Settlement.ts"
import { TransactionsRepo } from "../transactions/TransactionsRepo.ts"
import type { ResolvedException } from "./ExceptionsApi.ts"
import { type Case, type ExceptionQuery, ExceptionsRepo } from "./ExceptionsRepo.ts"
import type { NewResolution } from "./NewResolution.ts"

export type ResolveError =
  | ExceptionNotFound
  | ExceptionResolved
  | ExceptionNotOpen
  | OutcomeNotAllowed
  | AmountNotAllowed
  | DatabaseUnavailable

/** What the service cannot bring to an end by itself, and the people who can. */
export class Exceptions extends Context.Service<
  Exceptions,
  {
    /** The oldest first. */
    list(query: ExceptionQuery): Effect.Effect<Page<Exception>, DatabaseUnavailable>
    /** Commits what a person found out, once; who said so is kept in the same commit. */
    resolve(id: TransactionId, resolution: NewResolution): Effect.Effect<ResolvedException, ResolveError>
  }
>()("payment-service/exceptions/Exceptions") {
  static readonly layer = Layer.effect(
    Exceptions,
    Effect.gen(function* () {
      const repo = yield* ExceptionsRepo
      const transactions = yield* TransactionsRepo
      const random = yield* SecureRandom.SecureRandom

      const get = Effect.fnUntraced(function* (id: TransactionId) {
        const found = yield* repo.find(id)
        return Option.isSome(found) ? found.value : yield* new ExceptionNotFound()
      })

      const auditOf = ({ amount, evidence, outcome }: NewResolution) =>
        auditEntry(random, "exception.resolved", { outcome, evidence, ...(amount === undefined ? {} : { amount }) })

      const told = Effect.fnUntraced(function* (
        found: Case,
        { outcome }: NewResolution,
        auditEventId: AuditEventId,
        payment: Payment
      ) {
        yield* Effect.logInfo("Exception resolved").pipe(
          Effect.annotateLogs({ transaction_id: found.id, outcome, source: "operator" })
        )
        const answer: ResolvedException = {
          object: "resolution",
          transaction_id: found.id,
          outcome,
          payment,
          audit_event_id: auditEventId
        }
        return answer
      })

      const commit = Effect.fnUntraced(function* (found: Case, resolution: NewResolution) {
        const audit = yield* auditOf(resolution)
        const resolved = yield* transactions.resolve(callOf(found), settlementOf(found, resolution), {
          by: "operator",
          doneBy: null,
          audit
        })
        if (Option.isNone(resolved)) return yield* refuse(yield* get(found.id))
        const labels = { outcome: resolution.outcome, source: "operator" }
        yield* Metric.update(resolutionsTotal(labels), 1)
        return yield* told(found, resolution, audit.id, resolved.value)
      })

      /** The call keeps its outcome. */
      const close = Effect.fnUntraced(function* (found: Case, resolution: NewResolution) {
        const audit = yield* auditOf(resolution)
        const known = { authorizationCode: resolution.authorization_code ?? null, bric: resolution.bric ?? null }
        const closed = yield* repo.close(found.id, known, audit)
        return Option.isSome(closed)
          ? yield* told(found, resolution, audit.id, closed.value)
          : yield* refuse(yield* get(found.id))
      })

      const list = Effect.fn("Exceptions.list")((query: ExceptionQuery) =>
        Effect.map(repo.list({ ...query, limit: query.limit + 1 }), pageOf(query.limit))
      )

      const resolve = Effect.fn("Exceptions.resolve")(function* (
        id: TransactionId,
        resolution: NewResolution
      ): Effect.fn.Return<ResolvedException, ResolveError> {
        yield* Effect.annotateCurrentSpan({ "transaction.id": id, "exception.outcome": resolution.outcome })
        const found = yield* get(id)
        if (found.kind === null) return yield* refuse(found)
        yield* allow(found.kind, found, resolution)
        switch (found.kind) {
          case "unknown_outcome":
            return yield* commit(found, resolution)
          case "stalled_undo": {
            const parked = yield* repo.park(id)
            return Option.isSome(parked)
              ? yield* commit(yield* get(parked.value), resolution)
              : yield* refuse(yield* get(id))
          }
          case "late_approval":
          case "missing_token":
            return yield* close(found, resolution)
        }
      })

      return Exceptions.of({ list, resolve })
    })
  )
}

const allow = (
  kind: ExceptionKind,
  found: Case,
  { amount, outcome }: NewResolution
): Effect.Effect<void, OutcomeNotAllowed | AmountNotAllowed> => {
  const allowed = outcomesOf(kind, found.type, found.status)
  if (!allowed.includes(outcome)) return Effect.fail(new OutcomeNotAllowed({ allowed }))
  const most = kind === "unknown_outcome" && isCharge(found) ? found.amount : 0
  return amount === undefined || amount <= most ? Effect.void : Effect.fail(new AmountNotAllowed({ most }))
}

const refuse = ({ resolved_by, status }: Case) =>
  status === "unknown" ? new ExceptionNotOpen() : new ExceptionResolved({ transaction_status: status, resolved_by })

/** Nothing is undone for it that is not already to be undone: a person has looked. */
const settlementOf = (found: Case, { amount, authorization_code, bric, outcome }: NewResolution): Settlement => {
  if (outcome !== "approved") return settlement(outcome)
  const amountApproved = isCharge(found) ? (amount ?? found.approvable) : null
  return settlement(outcome, {
    answer: { ...noAnswer, authorizationCode: authorization_code ?? null, amountApproved, bric: bric ?? null }
  })
}

const isCharge = ({ type }: Case) => type === "sale" || type === "authorization"

const noAnswer = {
  responseCode: null,
  networkResponse: null,
  networkTransactionId: null,
  avs: null,
  cvv: null,
  card: { brand: null, last4: null }
} as const

const callOf = (found: Case): Settled => {
  const { amount, approvable, id, payment_id, target_amount, target_id, target_type, type } = found
  // It was not found if it is one.
  if (type === "reversal") throw new Error(`Transaction ${id} is a reversal`)
  return {
    id,
    paymentId: payment_id,
    type,
    // What a follow-up has reserved is what it asked for.
    amount: isCharge(found) ? approvable : amount,
    target:
      target_id === null || target_type === null || target_amount === null
        ? null
        : { id: target_id, type: target_type, amount: target_amount }
  }
}
