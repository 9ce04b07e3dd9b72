import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds, TransactionIds } from "../domain/Ids.ts"
import { Environment, FourPartKey, Pair } from "../domain/Terminal.ts"
import { TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"
import * as Statements from "./ReversalStatements.ts"
import type { AnswerRecord } from "./Settlement.ts"
import type { Target } from "./Target.ts"

const TargetRow = Schema.Struct({ id: TransactionIds.Column, payment_id: PaymentIds.Column, type: TransactionType })

const HistoryRow = Schema.Struct({
  age: Schema.Finite,
  is_answered: Schema.Boolean,
  reversals: Schema.Array(
    Schema.Struct({ at: Schema.Finite, status: TransactionStatus, response_code: Schema.NullOr(Schema.String) })
  )
})
export type History = typeof HistoryRow.Type

const ClaimedReversalRow = Schema.Struct({
  ...FourPartKey.fields,
  ...Pair.fields,
  environment: Environment,
  left_ms: Schema.Finite
})
/** A reversal on record. It must begin within `left_ms` milliseconds. */
export type ClaimedReversal = typeof ClaimedReversalRow.Type

const UnknownRow = Schema.Struct({ count: Schema.Int, oldest_age_s: Schema.Finite })

type Run<A> = Effect.Effect<A, DatabaseUnavailable>

/** The rows by which unknown outcomes are brought to an end. */
export class ReversalsRepo extends Context.Service<
  ReversalsRepo,
  {
    /** Takes over calls whose lease has run out, up to this many, and says how many payments became unknown. */
    takeOver(limit: number): Run<number>
    /** Unknown outcomes whose next step is due. */
    due(limit: number, except: Iterable<Target["id"]>): Run<ReadonlyArray<Target>>
    history(target: Target): Run<Option.Option<History>>
    /** None: another process is at it, the outcome is known by now, or EPX accepts no reversal any more. */
    claim(target: Target, reversalId: Target["id"]): Run<Option.Option<ClaimedReversal>>
    settle(
      reversalId: Target["id"],
      status: TransactionStatus,
      answer: AnswerRecord | null,
      doubt: string | null
    ): Run<void>
    schedule(target: Target, at: number | null): Run<void>
    /** False: it was resolved before. */
    resolve(target: Target, status: "reversed" | "failed"): Run<boolean>
    unknown: Run<typeof UnknownRow.Type>
  }
>()("payment-service/transactions/ReversalsRepo") {
  static readonly layer = Layer.effect(
    ReversalsRepo,
    Effect.gen(function* () {
      // Each of these may wait for the payment's row lock.
      const { plain } = yield* Database
      const random = yield* SecureRandom.SecureRandom
      return ReversalsRepo.of({
        takeOver: Effect.fn("ReversalsRepo.takeOver")(function* (limit: number) {
          const eventIds = yield* Effect.replicateEffect(random.uuidV7(), limit)
          const rows = yield* anyRows(plain((sql) => Statements.takeOverStatement(sql, eventIds)))
          return rows.length
        }),
        due: (limit, except) =>
          Effect.map(
            targetRows(plain((sql) => Statements.dueStatement(sql, limit, Array.from(except, TransactionIds.toUuid)))),
            (rows) => rows.map(({ id, payment_id, type }): Target => ({ id, paymentId: payment_id, type }))
          ),
        history: (target) => historyRow(plain((sql) => Statements.historyStatement(sql, target))),
        claim: Effect.fn("ReversalsRepo.claim")((target: Target, reversalId: Target["id"]) =>
          claimedRow(plain((sql) => Statements.claimReversalStatement(sql, target, reversalId)))
        ),
        settle: Effect.fn("ReversalsRepo.settle")((reversalId, status, answer, doubt) =>
          Effect.asVoid(
            noRow(plain((sql) => Statements.settleReversalStatement(sql, reversalId, status, answer, doubt)))
          )
        ),
        schedule: (target, at) => Effect.asVoid(noRow(plain((sql) => Statements.scheduleStatement(sql, target, at)))),
        resolve: Effect.fn("ReversalsRepo.resolve")(function* (target: Target, status: "reversed" | "failed") {
          const eventId = yield* random.uuidV7()
          const rows = yield* anyRows(plain((sql) => Statements.resolveStatement(sql, target, status, eventId)))
          return rows.length > 0
        }),
        unknown: Effect.map(
          unknownRows(plain(Statements.unknownStatement)),
          ([row]) => row ?? { count: 0, oldest_age_s: 0 }
        )
      })
    })
  )
}

const targetRows = rowsOf(TargetRow)
const historyRow = rowOf(HistoryRow)
const claimedRow = rowOf(ClaimedReversalRow)
const unknownRows = rowsOf(UnknownRow)
const anyRows = rowsOf(Schema.Unknown)
const noRow = anyRows
