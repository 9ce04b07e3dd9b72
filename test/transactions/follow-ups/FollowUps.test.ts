import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Option, Redacted, Ref } from "effect"
import { TestClock } from "effect/testing"
import { PaymentBusy } from "../../../src/domain/FollowUpErrors.ts"
import { ApiKeyIds, MerchantIds, PaymentIds, type TransactionId, TransactionIds } from "../../../src/domain/Ids.ts"
import { Amount } from "../../../src/domain/Money.ts"
import type { Payment, PaymentStatus } from "../../../src/domain/Payment.ts"
import type { EpxResult } from "../../../src/epx/Result.ts"
import type { ClaimedCall } from "../../../src/transactions/ClaimedCall.ts"
import type { FollowUp } from "../../../src/transactions/follow-ups/FollowUp.ts"
import { FollowUps } from "../../../src/transactions/follow-ups/FollowUps.ts"
import type { ClaimedFollowUp, FollowUpsRepo } from "../../../src/transactions/follow-ups/FollowUpsRepo.ts"
import type { Prospect } from "../../../src/transactions/follow-ups/Refusal.ts"
import { refusedReversal } from "../../../src/transactions/Outcome.ts"
import type { Settlement } from "../../../src/transactions/Settlement.ts"
import type { Existing, TransactionsRepo } from "../../../src/transactions/TransactionsRepo.ts"
import {
  answer,
  approved,
  away,
  counted,
  type Edge,
  key,
  moneyPath,
  nothing,
  notSent,
  now,
  pair,
  uuid
} from "../Wiring.ts"

const amount = Amount.make(1999)
const bric = Redacted.make("09LTESTAUTH00000001")
const authorizationId = TransactionIds.fromUuid("01a2042c-fd7c-766c-972a-9e5d917959a2")
const otherId = TransactionIds.fromUuid("01a2042c-fd7c-766c-972a-9e5d917959a3")
const paymentId = PaymentIds.fromUuid(uuid)

const followUp: FollowUp = {
  merchantId: MerchantIds.fromUuid(uuid),
  environment: "test",
  keyId: ApiKeyIds.fromUuid(uuid),
  paymentId,
  idempotencyKey: "capture-1",
  fingerprint: new Uint8Array(32),
  versions: null,
  type: "capture",
  amount: null
}

const paymentOf = (status: PaymentStatus): Payment => ({
  id: paymentId,
  object: "payment",
  status,
  amount,
  currency: "USD",
  amount_authorized: amount,
  amount_captured: 0,
  amount_refunded: 0,
  amount_capturable: amount,
  amount_refundable: 0,
  card: { brand: "visa", last4: "0002" },
  decline: null,
  customer_id: null,
  order_ref: "order-1",
  metadata: {},
  expires_at: DateTime.formatIso(now),
  created_at: DateTime.formatIso(now),
  transactions: []
})

const callOf = (id: TransactionId): ClaimedCall => ({
  id,
  paymentId,
  type: "capture",
  amount,
  environment: "test",
  key,
  pair,
  isProbe: false,
  target: { id: authorizationId, type: "authorization", amount, pair, bric }
})
const toBeSent = (id: TransactionId): ClaimedFollowUp => ({ _tag: "ToBeSent", call: callOf(id) })

/** An authorization that can be captured. */
const fitting: Prospect = {
  is_active: true,
  is_stopped: false,
  has_terminal: true,
  is_canceled: false,
  is_as_seen: true,
  type: "authorization",
  first_status: "approved",
  calls: 0,
  doubts: 0,
  pending_void: false,
  is_to_be_undone: false,
  authorized: amount,
  captured: 0,
  refunded: 0,
  pending_capture: 0,
  pending_refund: 0,
  capturable: amount,
  refundable: 0,
  has_expired: false,
  transactions: [
    {
      id: authorizationId,
      type: "authorization",
      status: "approved",
      amount,
      left_over: amount,
      has_bric: true,
      is_voidable: true
    }
  ]
}

const existing = (transactionId: TransactionId, rest: Partial<Existing> = {}): Existing => ({
  transactionId,
  type: "capture",
  status: "approved",
  fingerprint: followUp.fingerprint,
  payment: paymentOf("captured"),
  isDecided: true,
  claimed: null,
  ...rest
})

type Repo = Partial<FollowUpsRepo["Service"]>
type Settle = TransactionsRepo["Service"]["settle"]

const settles =
  (status: PaymentStatus): Settle =>
  () =>
    Effect.succeed(Option.some(paymentOf(status)))

const reads: Repo = { payment: () => Effect.succeedSome(paymentOf("authorized")) }
const sees = (prospect: Prospect | undefined): Repo => ({ ...reads, prospect: () => Effect.succeed(prospect) })
const claims: FollowUpsRepo["Service"]["claim"] = (_, id) => Effect.succeedSome(toBeSent(id))

/** Claims that give these answers in turn, the last of them over and over. */
const inTurn = (
  tries: Ref.Ref<number>,
  ...answers: ReadonlyArray<FollowUpsRepo["Service"]["claim"]>
): FollowUpsRepo["Service"]["claim"] => {
  const last = answers.at(-1) ?? claims
  return (asked, id) =>
    Effect.flatMap(
      Ref.getAndUpdate(tries, (n) => n + 1),
      (before) => (answers[before] ?? last)(asked, id)
    )
}

const run = Effect.flatMap(FollowUps, (service) => service.carryOut(followUp))
const told = Effect.map(run, ({ payment, transaction, ...rest }) => ({
  payment: payment.status,
  transaction: transaction.status,
  ...rest
}))
const refusedAs = Effect.map(Effect.flip(run), ({ _tag }) => _tag)

const withEdge = (edge: Edge) => Effect.provide(moneyPath(edge))

describe("FollowUps.carryOut", () => {
  it.effect("carries out and tells what came of it", () =>
    Effect.gen(function* () {
      const sent = yield* Ref.make(0)
      const done = yield* told.pipe(
        withEdge({
          followUps: { ...reads, claim: claims },
          repo: { settle: settles("captured") },
          send: counted(sent, approved)
        })
      )
      const expected = { payment: "captured", transaction: "approved", isDecided: true, isReplay: false }
      assert.deepStrictEqual(done, expected)
      assert.strictEqual(yield* Ref.get(sent), 1)
    })
  )

  it.effect("knows no payment of another merchant, and claims nothing", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusedAs, "PaymentNotFound")
    }).pipe(withEdge({ followUps: { payment: nothing } }))
  )

  it.effect("says why there is nothing to claim", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const followUps = { ...sees({ ...fitting, type: "sale" }), claim: inTurn(tries, nothing) }
      const refusal = yield* refusedAs.pipe(withEdge({ followUps, repo: { findByKey: nothing } }))
      assert.strictEqual(refusal, "NotCapturable")
      assert.strictEqual(yield* Ref.get(tries), 1)
    })
  )

  it.effect("claims again what fits by now", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const sent = yield* Ref.make(0)
      const done = yield* told.pipe(
        withEdge({
          followUps: { ...sees(fitting), claim: inTurn(tries, nothing, claims) },
          repo: { settle: settles("captured") },
          send: counted(sent, approved)
        })
      )
      assert.deepInclude(done, { payment: "captured", transaction: "approved", isDecided: true })
      assert.deepStrictEqual([yield* Ref.get(tries), yield* Ref.get(sent)], [2, 1])
    })
  )

  it.effect("asks to come back later when it fits and yet cannot be claimed", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const followUps = { ...sees(fitting), claim: inTurn(tries, nothing) }
      assert.strictEqual(yield* refusedAs.pipe(withEdge({ followUps, repo: { findByKey: nothing } })), "PaymentBusy")
      assert.strictEqual(yield* Ref.get(tries), 2)
    })
  )

  it.effect("passes on that the payment is locked, and does not try again", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const claim = inTurn(tries, () => Effect.fail(new PaymentBusy()))
      const repo = { findByKey: () => Effect.succeedNone }
      assert.strictEqual(yield* refusedAs.pipe(withEdge({ followUps: { ...reads, claim }, repo })), "PaymentBusy")
      assert.strictEqual(yield* Ref.get(tries), 1)
    })
  )

  it.effect("answers a key that was used before, and sends nothing", () =>
    Effect.gen(function* () {
      const repo = { findByKey: () => Effect.succeedSome(existing(otherId)) }
      const followUps = { ...sees({ ...fitting, captured: amount, capturable: 0 }), claim: nothing }
      const expected = { payment: "captured", transaction: "approved", isDecided: true, isReplay: true }
      assert.deepStrictEqual(yield* told.pipe(withEdge({ followUps, repo })), expected)
    })
  )

  it.effect("answers a key even when its payment would now refuse it", () =>
    Effect.gen(function* () {
      const repo = { findByKey: () => Effect.succeedSome(existing(otherId)) }
      const followUps = { ...sees({ ...fitting, is_active: false }), claim: nothing }
      assert.deepInclude(yield* told.pipe(withEdge({ followUps, repo })), { isReplay: true })
    })
  )

  it.effect("refuses a key that was used for another request", () =>
    Effect.gen(function* () {
      const found = existing(otherId, { fingerprint: new Uint8Array(32).fill(1) })
      const repo = { findByKey: () => Effect.succeedSome(found) }
      const followUps = { ...sees({ ...fitting, type: "sale" }), claim: nothing }
      assert.strictEqual(yield* refusedAs.pipe(withEdge({ followUps, repo })), "IdempotencyKeyReused")
    })
  )

  it.effect.each(["Scheduled", "Done"] as const)("tells of a call that is %s, and sends nothing", (_tag) =>
    Effect.gen(function* () {
      const status = _tag === "Scheduled" ? "scheduled" : "approved"
      const repo = { findByKey: () => Effect.succeedSome(existing(otherId, { type: "refund", status })) }
      const followUps: Repo = { ...reads, claim: () => Effect.succeedSome({ _tag }) }
      const expected = { payment: "captured", transaction: status, isDecided: true, isReplay: false }
      assert.deepStrictEqual(yield* told.pipe(withEdge({ followUps, repo })), expected)
    })
  )

  it.effect("recognises its own claim after the answer to it was lost, and sends it once", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const sent = yield* Ref.make(0)
      const own = yield* Ref.make<TransactionId | undefined>(undefined)
      const lose: FollowUpsRepo["Service"]["claim"] = (_, id) => Effect.andThen(Ref.set(own, id), Effect.fail(away))
      const asking = yield* Effect.forkChild(
        told.pipe(
          withEdge({
            followUps: {
              ...sees({ ...fitting, calls: 1, pending_capture: amount, capturable: 0 }),
              claim: inTurn(tries, lose, nothing),
              get: (id) => Effect.succeed(toBeSent(id))
            },
            repo: {
              findByKey: () =>
                Effect.map(Ref.get(own), (id) =>
                  Option.map(Option.fromUndefinedOr(id), (mine) =>
                    existing(mine, { status: "submitting", payment: paymentOf("processing"), isDecided: false })
                  )
                ),
              settle: settles("captured")
            },
            send: counted(sent, approved)
          })
        )
      )
      yield* TestClock.adjust("1 second")
      const expected = { payment: "captured", transaction: "approved", isDecided: true, isReplay: false }
      assert.deepStrictEqual(yield* Fiber.join(asking), expected)
      assert.strictEqual(yield* Ref.get(sent), 1)
    })
  )

  it.effect("recognises its own claim of a refund that waits", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const own = yield* Ref.make(otherId)
      const lose: FollowUpsRepo["Service"]["claim"] = (_, id) => Effect.andThen(Ref.set(own, id), Effect.fail(away))
      const asking = yield* Effect.forkChild(
        told.pipe(
          withEdge({
            followUps: {
              ...sees({ ...fitting, capturable: 0 }),
              claim: inTurn(tries, lose, nothing),
              get: () => Effect.succeed({ _tag: "Scheduled" })
            },
            repo: {
              findByKey: () => Effect.map(Ref.get(own), (id) => Option.some(existing(id, { status: "scheduled" })))
            }
          })
        )
      )
      yield* TestClock.adjust("1 second")
      const expected = { payment: "captured", transaction: "scheduled", isDecided: true, isReplay: false }
      assert.deepStrictEqual(yield* Fiber.join(asking), expected)
    })
  )

  it.effect("tells of the payment as it was, and processing, when the database goes away after the claim", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(run)
      yield* TestClock.adjust("12 seconds")
      const { isDecided, isReplay, payment, transaction } = yield* Fiber.join(asking)
      assert.deepStrictEqual(payment, { ...paymentOf("authorized"), status: "processing" })
      assert.deepStrictEqual([transaction.status, isDecided, isReplay], ["submitting", false, false])
      yield* TestClock.adjust("8 seconds")
    }).pipe(
      withEdge({
        followUps: { ...reads, claim: claims },
        repo: { findByKey: () => Effect.fail(away), settle: settles("captured") },
        send: () => Effect.as(Effect.sleep("20 seconds"), approved)
      })
    )
  )

  it.effect("begins nothing while the database is away", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusedAs, "DatabaseUnavailable")
    }).pipe(withEdge({ followUps: { payment: () => Effect.fail(away) } }))
  )

  it.effect("is refused before it is recorded while EPX does not answer", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusedAs, "GatewayUnavailable")
    }).pipe(withEdge({ followUps: reads, repo: { findByKey: nothing }, isOpen: true }))
  )

  it.effect("says 503 and frees the key when nothing was sent", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusedAs, "GatewayUnavailable")
    }).pipe(
      withEdge({
        followUps: { ...reads, claim: claims },
        repo: { settle: settles("authorized") },
        send: () => Effect.succeed(notSent)
      })
    )
  )

  it.effect("tells the outcome of this call where another one keeps the payment undecided", () =>
    Effect.gen(function* () {
      const mine = existing(otherId, { status: "declined", payment: paymentOf("processing") })
      const refused: EpxResult = {
        _tag: "Replied",
        outcome: "declined",
        answer: { ...answer, responseCode: "05" },
        decline: { code: "05", category: "soft", message: "…", retryable: true }
      }
      const done = yield* told.pipe(
        withEdge({
          followUps: { ...reads, claim: claims },
          repo: { settle: settles("processing"), findByKey: () => Effect.succeedSome(mine) },
          send: () => Effect.succeed(refused)
        })
      )
      const expected = { payment: "processing", transaction: "declined", isDecided: true, isReplay: false }
      assert.deepStrictEqual(done, expected)
    })
  )

  it.effect("has a refused reversal followed by a void, and tells that nothing is known yet", () =>
    Effect.gen(function* () {
      const woken = yield* Ref.make<ReadonlyArray<"resolver" | "upkeep">>([])
      const stored = yield* Ref.make<Settlement | null>(null)
      const refused: EpxResult = {
        _tag: "Replied",
        outcome: "declined",
        answer: { ...answer, responseCode: "57" },
        decline: { code: "57", category: "hard", message: "…", retryable: false }
      }
      const reversal: FollowUpsRepo["Service"]["claim"] = (_, id) => {
        const made: ClaimedCall = { ...callOf(id), type: "void" }
        return Effect.succeedSome({ _tag: "ToBeSent", call: made })
      }
      const done = yield* told.pipe(
        withEdge({
          followUps: { ...reads, claim: reversal },
          repo: {
            settle: (_, settlement) => Effect.as(Ref.set(stored, settlement), Option.some(paymentOf("unknown")))
          },
          send: () => Effect.succeed(refused),
          woken
        })
      )
      assert.deepStrictEqual([done.payment, done.transaction, done.isDecided], ["unknown", "unknown", false])
      assert.strictEqual((yield* Ref.get(stored))?.doubt, refusedReversal)
      assert.deepStrictEqual(yield* Ref.get(woken), ["resolver"])
    })
  )
})
