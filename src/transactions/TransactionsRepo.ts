import { Context, Effect, Layer, Option, Predicate, Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { InvalidApiKey, MerchantSuspended } from "../domain/AccessErrors.ts"
import { KeyCanceled, PossibleDuplicate, TerminalMissing } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds, type TransactionId, TransactionIds } from "../domain/Ids.ts"
import { OperationStopped } from "../domain/KillSwitch.ts"
import type { Payment } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { FourPartKey, Pair } from "../domain/Terminal.ts"
import { TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import { fewCommits, makeBatches } from "../postgres/Batches.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { Database } from "../postgres/Database.ts"
import { PaymentRow, paymentOf, toPayment } from "../postgres/PaymentRow.ts"
import { decodedBy, rawRows, rowOf } from "../postgres/Row.ts"
import { type SealedBric, sealBric } from "../postgres/SealedBric.ts"
import { traced } from "../telemetry/Traced.ts"
import { currentTraceId } from "../telemetry/TraceId.ts"
import type { Charge, ChargeIds, ChargeRefusal, ClaimedCharge } from "./charges/Charge.ts"
import { type ChargeInput, claimStatement, existingStatement, standingStatement } from "./charges/ChargeStatements.ts"
import { kindOf, settleChargesStatement } from "./charges/SettleChargesStatement.ts"
import type { Resolution, Settled, Settlement } from "./Settlement.ts"
import { type From, type Input, isFirst } from "./SettleShape.ts"
import { lateStatement, settleStatement } from "./SettleStatement.ts"

/** What stands under an idempotency key. */
export interface Existing {
  readonly transactionId: TransactionId
  readonly type: TransactionType
  readonly status: TransactionStatus
  readonly fingerprint: Uint8Array
  readonly payment: Payment
  /** The call has its outcome, and nothing that belongs to it is still to be done. */
  readonly isDecided: boolean
  /** The handle of the call; none while it is scheduled. */
  readonly claimed: ClaimedCharge | null
}

/** The rows of charges, and the outcome of every call. Every statement here is one commit. */
export class TransactionsRepo extends Context.Service<
  TransactionsRepo,
  {
    /**
     * Records the payment and its call, with the pair EPX will know it by. None: the key is taken, or the merchant, its
     * key or its terminal may not charge; nothing was written. Safe to repeat with the same ids.
     */
    claim(charge: Charge, ids: ChargeIds): Effect.Effect<Option.Option<ClaimedCharge>, DatabaseUnavailable>
    /** How long the charge has waited that waits longest for its claim to begin, in milliseconds. */
    readonly claimAge_ms: Effect.Effect<number>
    findByKey(tenant: Tenant, idempotencyKey: string): Effect.Effect<Option.Option<Existing>, DatabaseUnavailable>
    /** Why a charge could not be claimed though no payment stands under its key. */
    refusal(charge: Charge): Effect.Effect<never, ChargeRefusal | DatabaseUnavailable>
    /** Moves the transaction on. None: the resolver is undoing it, so the answer is only noted. */
    settle(call: Settled, settlement: Settlement): Effect.Effect<Option.Option<Payment>, DatabaseUnavailable>
    /** The same for an outcome that was unknown. None: it was known already. */
    resolve(
      call: Settled,
      settlement: Settlement,
      resolution: Resolution
    ): Effect.Effect<Option.Option<Payment>, DatabaseUnavailable>
  }
>()("payment-service/transactions/TransactionsRepo") {
  static readonly layer = Layer.effect(
    TransactionsRepo,
    Effect.gen(function* () {
      const { pipelined, plain } = yield* Database
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom

      /** What makes two charges the same to a person: a reference of the order must be among it. */
      const duplicateOf = (charge: Charge) =>
        charge.orderRef === null || charge.allowDuplicate
          ? null
          : cipher.fingerprint(
              [
                "duplicate",
                charge.environment,
                charge.amount,
                charge.currency,
                charge.orderRef,
                Redacted.value(charge.bric)
              ].join("\n")
            )

      const claims = yield* makeBatches<ChargeInput, unknown>({
        run: (inputs) => rawRows(pipelined((sql) => claimStatement(sql, inputs))),
        idOf: ({ claim }) => TransactionIds.toUuid(claim.transactionId),
        rowIdOf: idOfRow,
        kindOf: () => "charge",
        mayRepeat: true,
        few: fewCommits,
        claimsOf: ({ charge: { environment, idempotencyKey, merchantId }, claim: { duplicate } }) => [
          `${merchantId} ${environment} ${idempotencyKey}`,
          ...(duplicate === null ? [] : [`${merchantId} ${Buffer.from(duplicate).toString("hex")}`])
        ]
      })

      const { ask: settleTogether } = yield* makeBatches<Input, unknown>({
        run: (inputs) => rawRows(pipelined((sql) => settleChargesStatement(sql, inputs))),
        idOf: ({ call }) => PaymentIds.toUuid(call.paymentId),
        rowIdOf: idOfRow,
        kindOf,
        mayRepeat: true,
        few: fewCommits,
        claimsOf: ({ call }) => [call.paymentId]
      })

      const spanOfClaim = traced("TransactionsRepo.claim")
      const claim = (charge: Charge, ids: ChargeIds) =>
        Effect.flatMap(currentTraceId, (traceId) => {
          const source = cipher.fingerprint(Redacted.value(charge.bric))
          const asked = { charge, claim: { ...ids, source, duplicate: duplicateOf(charge), traceId } }
          return Effect.flatMap(claims.ask(asked), decodedHandle)
        }).pipe(Effect.map(Option.map((handle) => claimedOf(ids, handle))), spanOfClaim)

      const findByKey = Effect.fn("TransactionsRepo.findByKey")(function* (tenant: Tenant, key: string) {
        return Option.map(
          yield* existingRow(pipelined((sql) => existingStatement(sql, { ...tenant, key }))),
          toExisting
        )
      })

      const refusal = Effect.fn("TransactionsRepo.refusal")(function* (charge: Charge) {
        const duplicate = duplicateOf(charge)
        const standing = Option.getOrUndefined(
          yield* standingRow(pipelined((sql) => standingStatement(sql, charge, duplicate)))
        )
        if (standing?.is_active === false) return yield* new MerchantSuspended()
        if (standing?.is_stopped === true) return yield* new OperationStopped({ operation: charge.type })
        if (standing?.has_key !== true) return yield* new InvalidApiKey()
        if (!standing.has_terminal) return yield* new TerminalMissing({ environment: charge.environment })
        if (standing.is_canceled) return yield* new KeyCanceled()
        if (standing.duplicate_of !== null) return yield* new PossibleDuplicate({ payment_id: standing.duplicate_of })
        // All is well by now: whatever held the key has just failed.
        return yield* new DatabaseUnavailable({ reason: "lock" })
      })

      const bricOf = ({ id }: Settled, { answer }: Settlement) => sealBric(cipher, id, answer?.bric ?? null)

      const eventIdsOf = ({ target }: Settled) =>
        Effect.flatMap(random.uuidV7(), (own) =>
          target === null
            ? Effect.succeed([own, own] as const)
            : Effect.map(random.uuidV7(), (other) => [own, other] as const)
        )

      const store = (call: Settled, settlement: Settlement, bric: SealedBric, from: From) =>
        Effect.flatMap(eventIdsOf(call), (eventIds) => {
          const input = { call, settlement, bric, eventIds }
          return from === "submitting" && isFirst(call.type)
            ? Effect.map(settleTogether(input), Option.map(paymentOf))
            : Effect.map(paymentRow(plain((sql) => settleStatement(sql, input, from))), Option.map(toPayment))
        })

      const spanOfSettle = traced("TransactionsRepo.settle")
      const settle = (call: Settled, settlement: Settlement) =>
        Effect.suspend(() => {
          const bric = bricOf(call, settlement)
          return Effect.flatMap(store(call, settlement, bric, "submitting"), (settled) =>
            Option.isSome(settled) ? Effect.succeed(settled) : settleLate(call, settlement, bric)
          )
        }).pipe(spanOfSettle)

      const settleLate = Effect.fnUntraced(function* (call: Settled, settlement: Settlement, bric: SealedBric) {
        const late = yield* store(call, settlement, bric, "undecided")
        // Kept for comparison: the call had been taken over, and is being undone or was.
        if (Option.isNone(late)) yield* statusRow(pipelined((sql) => lateStatement(sql, call, settlement, bric)))
        return late
      })

      const resolve = Effect.fn("TransactionsRepo.resolve")(
        (call: Settled, settlement: Settlement, resolution: Resolution) =>
          store(call, settlement, bricOf(call, settlement), resolution)
      )

      return TransactionsRepo.of({
        claim,
        claimAge_ms: Effect.sync(claims.age_ms),
        findByKey,
        refusal,
        settle,
        resolve
      })
    })
  )
}

/** Of a row of a statement for several. */
const idOfRow = (row: unknown): unknown => (Predicate.hasProperty(row, "id") ? row.id : undefined)

const optionally =
  <A>(decode: (row: unknown) => Effect.Effect<A>) =>
  (found: Option.Option<unknown>): Effect.Effect<Option.Option<A>> =>
    Option.isNone(found) ? Effect.succeedNone : Effect.asSome(decode(found.value))

const paymentRow = rowOf(PaymentRow)
const statusRow = rowOf(Schema.Struct({ status: TransactionStatus }))

const PolicyColumns = {
  partial_approvals: Schema.Boolean,
  reject_on_avs: Schema.Boolean,
  reject_on_cvv: Schema.Boolean
}

const Handle = Schema.Struct({ ...FourPartKey.fields, ...Pair.fields, ...PolicyColumns })

const claimedOf = (ids: ChargeIds, row: typeof Handle.Type): ClaimedCharge => ({
  paymentId: ids.paymentId,
  transactionId: ids.transactionId,
  key: { cust_nbr: row.cust_nbr, merch_nbr: row.merch_nbr, dba_nbr: row.dba_nbr, terminal_nbr: row.terminal_nbr },
  pair: { batch_id: row.batch_id, tran_nbr: row.tran_nbr },
  policy: {
    partial_approvals: row.partial_approvals,
    reject_on_avs: row.reject_on_avs,
    reject_on_cvv: row.reject_on_cvv
  }
})

const decodedHandle = optionally(decodedBy(Handle))

const ExistingRow = Schema.Struct({
  ...PaymentRow.fields,
  ...FourPartKey.fields,
  ...PolicyColumns,
  batch_id: Schema.NullOr(Pair.fields.batch_id),
  tran_nbr: Schema.NullOr(Pair.fields.tran_nbr),
  fingerprint: Schema.Uint8Array,
  transaction_id: TransactionIds.Column,
  transaction_type: TransactionType,
  transaction_status: TransactionStatus,
  is_left_alone: Schema.Boolean
})
const existingRow = rowOf(ExistingRow)

const toExisting = (row: typeof ExistingRow.Type): Existing => {
  const { batch_id, tran_nbr, transaction_id, transaction_status } = row
  const ids = { paymentId: row.id, transactionId: transaction_id }
  return {
    transactionId: transaction_id,
    type: row.transaction_type,
    status: transaction_status,
    fingerprint: row.fingerprint,
    payment: toPayment(row),
    isDecided: row.is_left_alone && transaction_status !== "submitting" && transaction_status !== "unknown",
    claimed: batch_id === null || tran_nbr === null ? null : claimedOf(ids, { ...row, batch_id, tran_nbr })
  }
}

const standingRow = rowOf(
  Schema.Struct({
    is_active: Schema.Boolean,
    is_stopped: Schema.Boolean,
    has_key: Schema.Boolean,
    has_terminal: Schema.Boolean,
    is_canceled: Schema.Boolean,
    duplicate_of: Schema.NullOr(PaymentIds.Column)
  })
)
