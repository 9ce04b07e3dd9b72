import { Context, Effect, Layer, Option, type Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Exception, ExceptionAttempt, ExceptionKind, outcomesOf } from "../domain/Exception.ts"
import {
  type MerchantId,
  MerchantIds,
  PaymentIds,
  TerminalIds,
  type TransactionId,
  TransactionIds
} from "../domain/Ids.ts"
import { Amount } from "../domain/Money.ts"
import type { Payment } from "../domain/Payment.ts"
import type { Environment } from "../domain/Terminal.ts"
import { ResolvedBy, TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import type { AuditEntry } from "../postgres/AuditEntry.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { Database } from "../postgres/Database.ts"
import { PaymentRow, toPayment } from "../postgres/PaymentRow.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"
import { sealBric } from "../postgres/SealedBric.ts"
import { closeStatement, findStatement, listStatement, parkStatement } from "./ExceptionStatements.ts"

/** Which exceptions, the oldest first. */
export interface ExceptionQuery {
  readonly limit: number
  readonly starting_after?: TransactionId | undefined
  readonly environment?: Environment | undefined
  readonly merchant_id?: MerchantId | undefined
}

const CaseRow = Schema.Struct({
  id: TransactionIds.Column,
  payment_id: PaymentIds.Column,
  type: TransactionType,
  status: TransactionStatus,
  amount: Amount,
  /** What EPX approved, as far as it is known, else what was asked for. What it did not approve it names as zero. */
  approvable: Amount,
  resolved_by: Schema.NullOr(ResolvedBy),
  kind: Schema.NullOr(ExceptionKind),
  target_id: Schema.NullOr(TransactionIds.Column),
  target_type: Schema.NullOr(TransactionType),
  target_amount: Schema.NullOr(Amount)
})
/** A call with an intent of its own, as it is resolved. */
export type Case = typeof CaseRow.Type

export class ExceptionsRepo extends Context.Service<
  ExceptionsRepo,
  {
    list(query: ExceptionQuery): Effect.Effect<ReadonlyArray<Exception>, DatabaseUnavailable>
    /** None: there is no such call, or it is a probe or a timeout reversal. */
    find(id: TransactionId): Effect.Effect<Option.Option<Case>, DatabaseUnavailable>
    /** Records the void of a stalled undo as one of unknown outcome. None: the undo is over, or goes on after all. */
    park(id: TransactionId): Effect.Effect<Option.Option<TransactionId>, DatabaseUnavailable>
    /** Ends an exception about a call that has its outcome, and keeps what was not known of it. None: it is over. */
    close(
      id: TransactionId,
      known: { readonly authorizationCode: string | null; readonly bric: Redacted.Redacted | null },
      audit: AuditEntry
    ): Effect.Effect<Option.Option<Payment>, DatabaseUnavailable>
  }
>()("payment-service/exceptions/ExceptionsRepo") {
  static readonly layer = Layer.effect(
    ExceptionsRepo,
    Effect.gen(function* () {
      const { plain } = yield* Database
      const { uuidV7 } = yield* SecureRandom.SecureRandom
      const cipher = yield* ColumnCipher

      const list = Effect.fn("ExceptionsRepo.list")(function* (query: ExceptionQuery) {
        const rows = yield* exceptionRows(plain((sql) => listStatement(sql, query)))
        return rows.map((row): Exception => ({ ...row, outcomes: outcomesOf(row.kind, row.type, row.status) }))
      })

      const find = Effect.fn("ExceptionsRepo.find")((id: TransactionId) =>
        caseRow(plain((sql) => findStatement(sql, id)))
      )

      const park = Effect.fn("ExceptionsRepo.park")(function* (id: TransactionId) {
        const ids = { voidId: TransactionIds.fromUuid(yield* uuidV7()), eventId: yield* uuidV7() }
        const parked = yield* idRow(plain((sql) => parkStatement(sql, id, ids)))
        return Option.map(parked, (row) => row.id)
      })

      const close = Effect.fn("ExceptionsRepo.close")(function* (
        id: TransactionId,
        {
          authorizationCode,
          bric
        }: { readonly authorizationCode: string | null; readonly bric: Redacted.Redacted | null },
        audit: AuditEntry
      ) {
        const known = { authorizationCode, bric: sealBric(cipher, id, bric) }
        return Option.map(yield* paymentRow(plain((sql) => closeStatement(sql, id, known, audit))), toPayment)
      })

      return ExceptionsRepo.of({ list, find, park, close })
    })
  )
}

const { outcomes: _, ...columns } = Exception.fields

const exceptionRows = rowsOf(
  Schema.Struct({
    ...columns,
    id: TransactionIds.Column,
    merchant_id: MerchantIds.Column,
    terminal: Schema.Struct({ ...Exception.fields.terminal.fields, id: TerminalIds.Column }),
    payment_id: PaymentIds.Column,
    target_id: Schema.NullOr(TransactionIds.Column),
    attempts: Schema.Array(Schema.Struct({ ...ExceptionAttempt.fields, id: TransactionIds.Column })),
    created_at: Schema.DateTimeUtcFromDate
  })
)
const caseRow = rowOf(CaseRow)
const paymentRow = rowOf(PaymentRow)
const idRow = rowOf(Schema.Struct({ id: TransactionIds.Column }))
