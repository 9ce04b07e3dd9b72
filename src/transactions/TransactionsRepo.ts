import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { InvalidApiKey, MerchantSuspended } from "../domain/AccessErrors.ts"
import { TerminalMissing } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { TransactionIds } from "../domain/Ids.ts"
import type { Payment } from "../domain/Payment.ts"
import { FourPartKey, Pair } from "../domain/Terminal.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { Database } from "../postgres/Database.ts"
import { PaymentRow, toPayment } from "../postgres/PaymentRow.ts"
import { rowOf, rowsOf } from "../postgres/Row.ts"
import type { Charge, ChargeIds, ClaimedCharge } from "./Charge.ts"
import {
  claimStatement,
  existingStatement,
  lateStatement,
  settleStatement,
  standingStatement
} from "./ChargeStatements.ts"
import type { Settlement } from "./Settlement.ts"

/** What stands under an idempotency key. */
export interface Existing {
  readonly claimed: ClaimedCharge
  readonly fingerprint: Uint8Array
  readonly payment: Payment
}

/** The rows of charges. Every statement here is one commit. */
export class TransactionsRepo extends Context.Service<
  TransactionsRepo,
  {
    /**
     * Records the payment and its call, with the pair EPX will know it by. None: the key is taken, or the merchant, its
     * key or its terminal may not charge; nothing was written. Safe to repeat with the same ids.
     */
    claim(charge: Charge, ids: ChargeIds): Effect.Effect<Option.Option<ClaimedCharge>, DatabaseUnavailable>
    findByKey(charge: Charge): Effect.Effect<Option.Option<Existing>, DatabaseUnavailable>
    /** Why a charge whose key is free could not be claimed. */
    refusal(
      charge: Charge
    ): Effect.Effect<never, InvalidApiKey | MerchantSuspended | TerminalMissing | DatabaseUnavailable>
    /** Moves the transaction on. None: the resolver is undoing it, so the answer is only noted. */
    settle(claimed: ClaimedCharge, settlement: Settlement): Effect.Effect<Option.Option<Payment>, DatabaseUnavailable>
  }
>()("payment-service/transactions/TransactionsRepo") {
  static readonly layer = Layer.effect(
    TransactionsRepo,
    Effect.gen(function* () {
      const { pipelined } = yield* Database
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom

      const claim = Effect.fn("TransactionsRepo.claim")(function* (charge: Charge, ids: ChargeIds) {
        const source = cipher.fingerprint(Redacted.value(charge.bric))
        const claimed = yield* claimedRow(pipelined((sql) => claimStatement(sql, charge, ids, source)))
        return Option.map(claimed, (handle) => claimedOf(ids, handle))
      })

      const findByKey = Effect.fn("TransactionsRepo.findByKey")(function* (charge: Charge) {
        const found = yield* existingRow(pipelined((sql) => existingStatement(sql, charge)))
        return Option.map(found, (row) => ({
          claimed: claimedOf({ paymentId: row.id, transactionId: row.transaction_id }, row),
          fingerprint: row.fingerprint,
          payment: toPayment(row)
        }))
      })

      const refusal = Effect.fn("TransactionsRepo.refusal")(function* (charge: Charge) {
        const standing = Option.getOrUndefined(yield* standingRow(pipelined((sql) => standingStatement(sql, charge))))
        if (standing?.is_active === false) return yield* new MerchantSuspended()
        if (standing?.has_key !== true) return yield* new InvalidApiKey()
        if (!standing.has_terminal) return yield* new TerminalMissing({ environment: charge.environment })
        // All is well by now: whatever held the key has just failed.
        return yield* new DatabaseUnavailable({ reason: "lock" })
      })

      const bricColumns = (settlement: Settlement, place: string) => {
        const bric = settlement.answer?.bric ?? null
        return bric === null
          ? { sealed: null, keyId: null, fingerprint: null }
          : { ...cipher.seal(bric, place), fingerprint: cipher.fingerprint(Redacted.value(bric)) }
      }

      const settle = Effect.fn("TransactionsRepo.settle")(function* (claimed: ClaimedCharge, settlement: Settlement) {
        const bric = bricColumns(settlement, `transactions.bric ${claimed.transactionId}`)
        const eventId = yield* random.uuidV7()
        const settled = yield* paymentRow(pipelined((sql) => settleStatement(sql, claimed, settlement, bric, eventId)))
        // Kept for comparison: the call had been taken over, and is being undone or was.
        if (Option.isNone(settled)) yield* noRows(pipelined((sql) => lateStatement(sql, claimed, settlement, bric)))
        return Option.map(settled, toPayment)
      })

      return TransactionsRepo.of({ claim, findByKey, refusal, settle })
    })
  )
}

const paymentRow = rowOf(PaymentRow)
const noRows = rowsOf(Schema.Never)

const Handle = Schema.Struct({ ...FourPartKey.fields, ...Pair.fields })

const claimedOf = (ids: ChargeIds, row: typeof Handle.Type): ClaimedCharge => ({
  paymentId: ids.paymentId,
  transactionId: ids.transactionId,
  key: { cust_nbr: row.cust_nbr, merch_nbr: row.merch_nbr, dba_nbr: row.dba_nbr, terminal_nbr: row.terminal_nbr },
  pair: { batch_id: row.batch_id, tran_nbr: row.tran_nbr }
})

const claimedRow = rowOf(Handle)

const existingRow = rowOf(
  Schema.Struct({
    ...PaymentRow.fields,
    ...Handle.fields,
    fingerprint: Schema.Uint8Array,
    transaction_id: TransactionIds.Column
  })
)

const standingRow = rowOf(
  Schema.Struct({ is_active: Schema.Boolean, has_key: Schema.Boolean, has_terminal: Schema.Boolean })
)
