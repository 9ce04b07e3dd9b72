import { Context, Effect, Layer, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../../domain/DatabaseUnavailable.ts"
import { PaymentBusy } from "../../domain/FollowUpErrors.ts"
import type { TransactionId } from "../../domain/Ids.ts"
import type { Payment } from "../../domain/Payment.ts"
import { ColumnCipher } from "../../postgres/ColumnCipher.ts"
import { Database } from "../../postgres/Database.ts"
import { PaymentRow, toPayment } from "../../postgres/PaymentRow.ts"
import { rowOf } from "../../postgres/Row.ts"
import { currentTraceId } from "../../telemetry/TraceId.ts"
import { type ClaimedCall, ClaimedRow, toClaimedCall } from "../ClaimedCall.ts"
import { SettlementDelay } from "../upkeep/SettlementDelay.ts"
import type { FollowUp } from "./FollowUp.ts"
import * as Statements from "./FollowUpStatements.ts"
import { type Prospect, ProspectRow } from "./Refusal.ts"

/** A follow-up on record: `scheduled` and `done` ones are not to be sent now. */
export type ClaimedFollowUp =
  | { readonly _tag: "ToBeSent"; readonly call: ClaimedCall }
  | { readonly _tag: "Scheduled" | "Done" }

/** The rows of captures, refunds and voids. Every statement here is one commit. */
export class FollowUpsRepo extends Context.Service<
  FollowUpsRepo,
  {
    /** Records the call and reserves its amount. None: the key is taken, or it does not fit. */
    claim(
      followUp: FollowUp,
      id: TransactionId
    ): Effect.Effect<Option.Option<ClaimedFollowUp>, DatabaseUnavailable | PaymentBusy>
    /** None: the merchant has no such payment. */
    payment(followUp: FollowUp): Effect.Effect<Option.Option<Payment>, DatabaseUnavailable>
    /** A call that is on record. */
    get(id: TransactionId): Effect.Effect<ClaimedFollowUp, DatabaseUnavailable>
    /** The payment as it stands; undefined: the merchant has none. */
    prospect(followUp: FollowUp): Effect.Effect<Prospect | undefined, DatabaseUnavailable>
  }
>()("payment-service/transactions/FollowUpsRepo") {
  static readonly layer = Layer.effect(
    FollowUpsRepo,
    Effect.gen(function* () {
      const { pipelined, plain } = yield* Database
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom
      const settlementDelay_s = yield* SettlementDelay

      const toClaimed = Effect.fnUntraced(function* (row: ClaimedRow): Effect.fn.Return<ClaimedFollowUp> {
        if (row.status === "scheduled") return { _tag: "Scheduled" }
        if (row.batch_id === null) return { _tag: "Done" }
        return { _tag: "ToBeSent", call: yield* toClaimedCall(row, cipher) }
      })

      const claim = Effect.fn("FollowUpsRepo.claim")(
        function* (followUp: FollowUp, id: TransactionId) {
          const claim = { id, traceId: yield* currentTraceId, settlementDelay_s }
          const eventIds = [yield* random.uuidV7(), yield* random.uuidV7()] as const
          const claimed = yield* claimedRow(
            plain((sql) => {
              switch (followUp.type) {
                case "capture":
                  return Statements.claimCaptureStatement(sql, followUp, claim)
                case "refund":
                  return Statements.claimRefundStatement(sql, followUp, claim)
                case "void":
                  return Statements.claimVoidStatement(sql, followUp, claim)
              }
            })
          )
          const row =
            Option.isNone(claimed) && followUp.type === "void" && followUp.targetId !== null
              ? yield* claimedRow(plain((sql) => Statements.unscheduleStatement(sql, followUp, claim, eventIds)))
              : claimed
          return Option.isNone(row) ? Option.none() : Option.some(yield* toClaimed(row.value))
        },
        Effect.catchTag("DatabaseUnavailable", (error) =>
          // Postgres itself ended the statement: nothing was written.
          Effect.fail(error.reason === "lock" ? new PaymentBusy() : error)
        )
      )

      const get = Effect.fn("FollowUpsRepo.get")(function* (id: TransactionId) {
        const found = yield* claimedRow(plain((sql) => Statements.claimedStatement(sql, id)))
        return Option.isSome(found)
          ? yield* toClaimed(found.value)
          : yield* Effect.die(new Error(`Transaction ${id} is not on record`))
      })

      const prospect = Effect.fn("FollowUpsRepo.prospect")(function* (followUp: FollowUp) {
        return Option.getOrUndefined(
          yield* prospectRow(pipelined((sql) => Statements.prospectStatement(sql, followUp)))
        )
      })

      const payment = Effect.fn("FollowUpsRepo.payment")(function* (followUp: FollowUp) {
        const found = yield* paymentRow(pipelined((sql) => Statements.paymentStatement(sql, followUp)))
        return Option.map(found, toPayment)
      })

      return FollowUpsRepo.of({ claim, payment, get, prospect })
    })
  )
}

const claimedRow = rowOf(ClaimedRow)
const paymentRow = rowOf(PaymentRow)
const prospectRow = rowOf(ProspectRow)
