import { Context, Effect, Layer, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../../domain/DatabaseUnavailable.ts"
import { PaymentIds, type TransactionId, TransactionIds } from "../../domain/Ids.ts"
import { ColumnCipher } from "../../postgres/ColumnCipher.ts"
import { Database } from "../../postgres/Database.ts"
import { rowOf, rowsOf } from "../../postgres/Row.ts"
import { type ClaimedCall, ClaimedRow, toClaimedCall } from "../ClaimedCall.ts"
import type { Target } from "../Target.ts"
import { SettlementDelay } from "./SettlementDelay.ts"
import * as Statements from "./UpkeepStatements.ts"

type Run<A> = Effect.Effect<A, DatabaseUnavailable>

/** The rows of what falls due without anybody asking. Those of a payment that somebody holds wait for the next time. */
export class UpkeepRepo extends Context.Service<
  UpkeepRepo,
  {
    /** Refunds whose time may have come. */
    dueRefunds(limit: number, except: ReadonlyArray<Target["id"]>): Run<ReadonlyArray<Target>>
    /** None: another process is at it, or what it gives back has not settled yet. */
    startRefund(refund: Target): Run<Option.Option<ClaimedCall>>
    /** Of a refund that was provably not sent. */
    postponeRefund(refund: ClaimedCall, doubt: string | null): Run<void>
    dueUndos(limit: number, except: ReadonlyArray<Target["paymentId"]>): Run<ReadonlyArray<Target["paymentId"]>>
    /** None: another process is at it, or there is nothing left to void. */
    claimUndo(paymentId: Target["paymentId"], id: TransactionId): Run<Option.Option<ClaimedCall>>
    /** Charges that EPX approved after they had been called failed. */
    lateApprovals(limit: number, except: ReadonlyArray<Target["id"]>): Run<ReadonlyArray<Target>>
    /** The void of one. None: another process is at it, or it has been voided. */
    claimLate(target: Target, voidId: TransactionId): Run<Option.Option<ClaimedCall>>
    /** How many items of closed batches were taken for settled, up to this many. */
    settleBatches(limit: number): Run<number>
    /** How many authorizations were ended, up to this many. */
    expire(limit: number): Run<number>
    /** How many guards against duplicates were removed, up to this many. */
    purgeGuards(limit: number): Run<number>
  }
>()("payment-service/transactions/UpkeepRepo") {
  static readonly layer = Layer.effect(
    UpkeepRepo,
    Effect.gen(function* () {
      const { background, plain } = yield* Database
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom
      const settlementDelay_s = yield* SettlementDelay

      const claimed = Effect.fnUntraced(function* (row: Option.Option<ClaimedRow>) {
        return Option.isNone(row) ? Option.none() : Option.some(yield* toClaimedCall(row.value, cipher))
      })
      const eventIds = (limit: number) => Effect.replicateEffect(random.uuidV7(), limit)

      return UpkeepRepo.of({
        dueRefunds: (limit, except) =>
          Effect.map(
            targetRows(plain((sql) => Statements.dueRefundsStatement(sql, limit, except.map(TransactionIds.toUuid)))),
            (rows) => rows.map(({ id, payment_id }): Target => ({ id, paymentId: payment_id }))
          ),
        startRefund: Effect.fn("UpkeepRepo.startRefund")((refund: Target) =>
          Effect.flatMap(claimedRow(plain((sql) => Statements.startRefundStatement(sql, refund))), claimed)
        ),
        postponeRefund: Effect.fn("UpkeepRepo.postponeRefund")(function* (refund: ClaimedCall, doubt: string | null) {
          const eventId = yield* random.uuidV7()
          yield* anyRows(plain((sql) => Statements.postponeRefundStatement(sql, refund, doubt, eventId)))
        }),
        dueUndos: (limit, except) =>
          Effect.map(
            paymentRows(plain((sql) => Statements.dueUndosStatement(sql, limit, except.map(PaymentIds.toUuid)))),
            (rows) => rows.map(({ id }) => id)
          ),
        claimUndo: Effect.fn("UpkeepRepo.claimUndo")((paymentId: Target["paymentId"], id: TransactionId) =>
          Effect.flatMap(claimedRow(plain((sql) => Statements.claimUndoStatement(sql, paymentId, id))), claimed)
        ),
        lateApprovals: (limit, except) =>
          Effect.map(
            targetRows(
              plain((sql) => Statements.lateApprovalsStatement(sql, limit, except.map(TransactionIds.toUuid)))
            ),
            (rows) => rows.map(({ id, payment_id }): Target => ({ id, paymentId: payment_id }))
          ),
        claimLate: Effect.fn("UpkeepRepo.claimLate")((target: Target, voidId: TransactionId) =>
          Effect.flatMap(claimedRow(plain((sql) => Statements.claimLateStatement(sql, target, voidId))), claimed)
        ),
        settleBatches: Effect.fnUntraced(function* (limit: number) {
          const ids = yield* eventIds(limit)
          const rows = yield* anyRows(
            background((sql) => Statements.settleBatchesStatement(sql, ids, settlementDelay_s))
          )
          return rows.length
        }),
        expire: Effect.fnUntraced(function* (limit: number) {
          const ids = yield* eventIds(limit)
          return (yield* anyRows(background((sql) => Statements.expireStatement(sql, ids)))).length
        }),
        purgeGuards: (limit) =>
          Effect.map(anyRows(background((sql) => Statements.purgeGuardsStatement(sql, limit))), (rows) => rows.length)
      })
    })
  )
}

const targetRows = rowsOf(Schema.Struct({ id: TransactionIds.Column, payment_id: PaymentIds.Column }))
const paymentRows = rowsOf(Schema.Struct({ id: PaymentIds.Column }))
const claimedRow = rowOf(ClaimedRow)
const anyRows = rowsOf(Schema.Unknown)
