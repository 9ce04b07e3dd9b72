import { Context, Effect, Layer, Option, type Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../../domain/DatabaseUnavailable.ts"
import { PaymentIds, TerminalIds, TransactionIds } from "../../domain/Ids.ts"
import { Amount } from "../../domain/Money.ts"
import { Environment, FourPartKey, Pair } from "../../domain/Terminal.ts"
import { TransactionStatus, TransactionType } from "../../domain/Transaction.ts"
import { ColumnCipher } from "../../postgres/ColumnCipher.ts"
import { Database } from "../../postgres/Database.ts"
import { lookUpKeyPlace } from "../../postgres/LookUpKey.ts"
import { rowOf, rowsOf } from "../../postgres/Row.ts"
import { bricPlace, sealBric } from "../../postgres/SealedBric.ts"
import { type ClaimedCall, ClaimedRow, toClaimedCall } from "../ClaimedCall.ts"
import type { Settlement } from "../Settlement.ts"
import type { Target } from "../Target.ts"
import * as Statements from "./DoubtStatements.ts"

const TargetRow = Schema.Struct({ id: TransactionIds.Column, payment_id: PaymentIds.Column })

const HistoryRow = Schema.Struct({
  type: TransactionType,
  amount: Amount,
  amount_approved: Schema.NullOr(Schema.Int),
  age: Schema.Finite,
  /** EPX has said something about it that decided nothing, or came too late to. */
  is_answered: Schema.Boolean,
  doubt: Schema.NullOr(Schema.String),
  lookups: Schema.Int,
  has_bric: Schema.Boolean,
  has_key: Schema.Boolean,
  has_lookup: Schema.Boolean,
  multiple_captures: Schema.Boolean,
  target_id: Schema.NullOr(TransactionIds.Column),
  target_type: Schema.NullOr(TransactionType),
  target_amount: Schema.NullOr(Amount),
  is_voidable: Schema.Boolean,
  attempts: Schema.Array(
    Schema.Struct({
      id: TransactionIds.Column,
      kind: Schema.Literals(["reversal", "probe"]),
      at: Schema.Finite,
      status: TransactionStatus,
      response_code: Schema.NullOr(Schema.String)
    })
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

const LookUpRow = Schema.Struct({
  ...FourPartKey.fields,
  ...Pair.fields,
  environment: Environment,
  terminal_id: TerminalIds.Column,
  lookup_key_sealed: Schema.Uint8Array,
  lookup_key_id: Schema.String
})

/** What EPX's listing is to be searched for. */
export interface LookUpQuery {
  readonly environment: Environment
  readonly key: FourPartKey
  readonly pair: Pair
  /** EPI-Key of the terminal. */
  readonly secret: Redacted.Redacted
}

const UnknownRow = Schema.Struct({
  count: Schema.Int,
  oldest_age_s: Schema.Finite,
  exceptions: Schema.Int,
  exception_age_s: Schema.Finite
})

type Run<A> = Effect.Effect<A, DatabaseUnavailable>

/** The rows by which unknown outcomes are brought to an end. */
export class DoubtsRepo extends Context.Service<
  DoubtsRepo,
  {
    /** Takes over calls whose lease has run out, up to this many, and says how many became unknown. */
    takeOver(limit: number): Run<number>
    /** Unknown outcomes whose next step is due. */
    due(limit: number, except: Iterable<Target["id"]>): Run<ReadonlyArray<Target>>
    /** None: the outcome is known by now. */
    history(target: Target): Run<Option.Option<History>>
    /** None: another process is at it, the outcome is known by now, or EPX accepts no reversal any more. */
    claimReversal(target: Target, reversalId: Target["id"]): Run<Option.Option<ClaimedReversal>>
    /** None: another process is at it, or the outcome is known by now. */
    claimProbe(target: Target, probeId: Target["id"]): Run<Option.Option<ClaimedCall>>
    settleAttempt(attemptId: Target["id"], settlement: Settlement): Run<void>
    /** None: another process is at it, or the terminal has no credential for look-ups any more. */
    claimLookUp(target: Target): Run<Option.Option<LookUpQuery>>
    /** The token that came with a probe. */
    bricOf(probeId: Target["id"]): Run<Redacted.Redacted | null>
    /** `at` is milliseconds since the claim of the target; null: nothing automatic is left to try. */
    schedule(target: Target, at: number | null): Run<void>
    unknown: Run<typeof UnknownRow.Type>
  }
>()("payment-service/transactions/DoubtsRepo") {
  static readonly layer = Layer.effect(
    DoubtsRepo,
    Effect.gen(function* () {
      // Each of these may wait for the payment's row lock.
      const { plain } = yield* Database
      const cipher = yield* ColumnCipher
      const random = yield* SecureRandom.SecureRandom

      const bricOf = (id: Target["id"], { answer }: Settlement) => sealBric(cipher, id, answer?.bric ?? null)

      return DoubtsRepo.of({
        takeOver: Effect.fn("DoubtsRepo.takeOver")(function* (limit: number) {
          const eventIds = yield* Effect.replicateEffect(random.uuidV7(), limit)
          const rows = yield* anyRows(plain((sql) => Statements.takeOverStatement(sql, eventIds)))
          return rows.length
        }),
        due: (limit, except) =>
          Effect.map(
            targetRows(plain((sql) => Statements.dueStatement(sql, limit, Array.from(except, TransactionIds.toUuid)))),
            (rows) => rows.map(({ id, payment_id }): Target => ({ id, paymentId: payment_id }))
          ),
        history: (target) => historyRow(plain((sql) => Statements.historyStatement(sql, target))),
        claimReversal: Effect.fn("DoubtsRepo.claimReversal")((target: Target, reversalId: Target["id"]) =>
          claimedReversalRow(plain((sql) => Statements.claimReversalStatement(sql, target, reversalId)))
        ),
        claimProbe: Effect.fn("DoubtsRepo.claimProbe")(function* (target: Target, probeId: Target["id"]) {
          const claimed = yield* claimedRow(plain((sql) => Statements.claimProbeStatement(sql, target, probeId)))
          return Option.isNone(claimed) ? Option.none() : Option.some(yield* toClaimedCall(claimed.value, cipher))
        }),
        settleAttempt: Effect.fn("DoubtsRepo.settleAttempt")((attemptId: Target["id"], settlement: Settlement) =>
          Effect.asVoid(
            anyRows(
              plain((sql) =>
                Statements.settleAttemptStatement(
                  sql,
                  attemptId,
                  settlement.status,
                  settlement.answer,
                  settlement.doubt,
                  bricOf(attemptId, settlement)
                )
              )
            )
          )
        ),
        claimLookUp: Effect.fn("DoubtsRepo.claimLookUp")(function* (target: Target) {
          const found = yield* lookUpRow(plain((sql) => Statements.lookUpStatement(sql, target)))
          if (Option.isNone(found)) return Option.none()
          const { batch_id, environment, lookup_key_id, lookup_key_sealed, terminal_id, tran_nbr, ...key } = found.value
          const sealed = { keyId: lookup_key_id, sealed: lookup_key_sealed }
          const secret = yield* Effect.orDie(cipher.unseal(sealed, lookUpKeyPlace(terminal_id)))
          return Option.some({ environment, key, pair: { batch_id, tran_nbr }, secret })
        }),
        bricOf: Effect.fn("DoubtsRepo.bricOf")(function* (probeId: Target["id"]) {
          const probe = Option.getOrUndefined(yield* probeRow(plain((sql) => Statements.probeStatement(sql, probeId))))
          if (probe === undefined || probe.bric_sealed === null || probe.bric_key_id === null) return null
          const sealed = { keyId: probe.bric_key_id, sealed: probe.bric_sealed }
          return yield* Effect.orDie(cipher.unseal(sealed, bricPlace(probeId)))
        }),
        schedule: (target, at) => Effect.asVoid(anyRows(plain((sql) => Statements.scheduleStatement(sql, target, at)))),
        unknown: Effect.map(
          unknownRows(plain(Statements.unknownStatement)),
          ([row]) => row ?? { count: 0, oldest_age_s: 0, exceptions: 0, exception_age_s: 0 }
        )
      })
    })
  )
}

const targetRows = rowsOf(TargetRow)
const historyRow = rowOf(HistoryRow)
const claimedReversalRow = rowOf(ClaimedReversalRow)
const claimedRow = rowOf(ClaimedRow)
const lookUpRow = rowOf(LookUpRow)
const probeRow = rowOf(
  Schema.Struct({ bric_sealed: Schema.NullOr(Schema.Uint8Array), bric_key_id: Schema.NullOr(Schema.String) })
)
const unknownRows = rowsOf(UnknownRow)
const anyRows = rowsOf(Schema.Unknown)
