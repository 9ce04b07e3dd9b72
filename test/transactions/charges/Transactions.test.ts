import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, Ref, Scope } from "effect"
import { TestClock } from "effect/testing"
import { KeyCanceled } from "../../../src/domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../../../src/domain/DatabaseUnavailable.ts"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../../../src/domain/Ids.ts"
import { Amount } from "../../../src/domain/Money.ts"
import type { PaymentStatus } from "../../../src/domain/Payment.ts"
import type { EpxResult } from "../../../src/epx/Result.ts"
import {
  type Charge,
  type ChargeIds,
  type ClaimedCharge,
  processingPayment
} from "../../../src/transactions/charges/Charge.ts"
import { Transactions } from "../../../src/transactions/charges/Transactions.ts"
import type { Settlement } from "../../../src/transactions/Settlement.ts"
import type { Existing, TransactionsRepo } from "../../../src/transactions/TransactionsRepo.ts"
import {
  answer,
  approved,
  away,
  counted,
  type Edge,
  key,
  lost,
  moneyPath,
  nothing,
  notSent,
  now,
  pair,
  policy,
  uuid
} from "../Wiring.ts"

const charge: Charge = {
  merchantId: MerchantIds.fromUuid(uuid),
  environment: "test",
  keyId: ApiKeyIds.fromUuid(uuid),
  type: "sale",
  amount: Amount.make(1999),
  currency: "USD",
  bric: Redacted.make("09LTESTVISA00000001"),
  billing: {},
  customerId: null,
  orderRef: null,
  metadata: {},
  allowDuplicate: false,
  idempotencyKey: "order-1",
  fingerprint: new Uint8Array(32)
}

type Repo = Partial<TransactionsRepo["Service"]>
type Claim = TransactionsRepo["Service"]["claim"]
type Settle = TransactionsRepo["Service"]["settle"]

const handle = (ids: ChargeIds): ClaimedCharge => ({ ...ids, key, pair, policy })
const claims: Claim = (_, ids) => Effect.succeed(Option.some(handle(ids)))

const other: ChargeIds = { paymentId: PaymentIds.fromUuid(uuid), transactionId: TransactionIds.fromUuid(uuid) }

const paymentOf = (ids: ChargeIds, status: PaymentStatus) => ({ ...processingPayment(charge, ids, now), status })

/** What stands under the key: on its way unless told otherwise. */
const existing = (ids: ChargeIds, rest: Partial<Existing> = {}): Existing => ({
  transactionId: ids.transactionId,
  type: "sale",
  status: "submitting",
  fingerprint: charge.fingerprint,
  payment: paymentOf(ids, "processing"),
  isDecided: false,
  claimed: handle(ids),
  ...rest
})
const captured = existing(other, { status: "approved", payment: paymentOf(other, "captured"), isDecided: true })

const finds = (found: Existing) => () => Effect.succeed(Option.some(found))

const settles =
  (status: PaymentStatus): Settle =>
  ({ id, paymentId }) =>
    Effect.succeed(Option.some(paymentOf({ paymentId, transactionId: id }, status)))

const keeps =
  (stored: Ref.Ref<Settlement | null>, status: PaymentStatus = "captured"): Settle =>
  (call, settlement) =>
    Effect.andThen(Ref.set(stored, settlement), settles(status)(call, settlement))

const run = Effect.flatMap(Transactions, (service) => service.charge(charge))
const told = Effect.map(run, ({ payment, transaction, ...rest }) => ({
  payment: payment.status,
  transaction: transaction.status,
  ...rest
}))
const statusTold = Effect.map(run, ({ payment }) => payment.status)

const withEdge = (edge: Edge) => Effect.provide(moneyPath(edge))

describe("Transactions.charge", () => {
  it.effect("answers with what is known when EPX takes longer than the soft deadline, and settles later", () =>
    Effect.gen(function* () {
      const replied = yield* Deferred.make<EpxResult>()
      const stored = yield* Ref.make<Settlement | null>(null)
      const ids = yield* Ref.make<ChargeIds | undefined>(undefined)
      const repo: Repo = {
        claim: (_, made) => Effect.as(Ref.set(ids, made), Option.some(handle(made))),
        findByKey: () => Effect.map(Ref.get(ids), (made) => Option.map(Option.fromUndefinedOr(made), existing)),
        settle: keeps(stored)
      }
      yield* Effect.gen(function* () {
        const asking = yield* Effect.forkChild(told)
        yield* TestClock.adjust("12 seconds")
        const expected = { payment: "processing", transaction: "submitting", isDecided: false, isReplay: false }
        assert.deepStrictEqual(yield* Fiber.join(asking), expected)
        assert.isNull(yield* Ref.get(stored))
        yield* Deferred.succeed(replied, approved)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* Ref.get(stored))?.status, "approved")
      }).pipe(withEdge({ repo, send: () => Deferred.await(replied) }))
    })
  )

  it.effect("does so even when the database cannot be asked, since the call is on record", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(statusTold)
      yield* TestClock.adjust("12 seconds")
      assert.strictEqual(yield* Fiber.join(asking), "processing")
      yield* TestClock.adjust("8 seconds")
    }).pipe(
      withEdge({
        repo: { claim: claims, findByKey: () => Effect.fail(away), settle: settles("captured") },
        send: () => Effect.as(Effect.sleep("20 seconds"), approved)
      })
    )
  )

  it.effect("does so even when the database does not answer at all, in time for the request", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(statusTold)
      yield* TestClock.adjust("13999 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(asking), "processing")
      yield* TestClock.adjust("10 seconds")
    }).pipe(
      withEdge({
        repo: { claim: claims, findByKey: () => Effect.never, settle: settles("captured") },
        send: () => Effect.as(Effect.sleep("20 seconds"), approved)
      })
    )
  )

  it.effect("says that nothing was charged only when nothing can be any more", () =>
    Effect.gen(function* () {
      const sent = yield* Ref.make(0)
      const repo: Repo = {
        claim: () => Effect.andThen(Effect.sleep("13 seconds"), Effect.fail(away)),
        findByKey: () => Effect.fail(away)
      }
      yield* Effect.gen(function* () {
        const asking = yield* Effect.forkChild(Effect.flip(run))
        yield* TestClock.adjust("12 seconds")
        assert.strictEqual((yield* Fiber.join(asking))._tag, "DatabaseUnavailable")
        yield* TestClock.adjust("5 minutes")
        assert.strictEqual(yield* Ref.get(sent), 0)
      }).pipe(withEdge({ repo, send: counted(sent, approved) }))
    })
  )

  it.effect("hands no fence to the wire that a claim has not already spent", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(Effect.exit(run))
      yield* TestClock.adjust("9 seconds")
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(asking)))
    }).pipe(
      withEdge({
        repo: {
          claim: (asked, ids) => Effect.andThen(Effect.sleep("9 seconds"), claims(asked, ids)),
          settle: settles("captured")
        },
        send: (_, fence) =>
          Effect.sync(() => {
            assert.strictEqual(fence.left(), 1000)
            return approved
          })
      })
    )
  )

  it.effect("tries a claim five times in all, and sends nothing without one", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const count = Ref.update(tries, (n) => n + 1)
      const repo: Repo = { claim: () => Effect.andThen(count, Effect.fail(away)) }
      const asking = yield* Effect.forkChild(Effect.flip(run).pipe(withEdge({ repo })))
      yield* TestClock.adjust("12 seconds")
      assert.strictEqual(yield* Fiber.join(asking), away)
      assert.strictEqual(yield* Ref.get(tries), 5)
    })
  )

  it.effect("does not say that nothing was sent while it may yet be recorded", () =>
    Effect.gen(function* () {
      const recorded = yield* Deferred.make<Option.Option<never>>()
      const refusal = () => Effect.fail(new KeyCanceled())
      const repo: Repo = { claim: () => Deferred.await(recorded), findByKey: nothing, refusal }
      yield* Effect.gen(function* () {
        const asking = yield* Effect.forkChild(Effect.flip(run))
        yield* TestClock.adjust("15 seconds")
        assert.strictEqual((yield* Fiber.join(asking))._tag, "DatabaseUnavailable")
        yield* Deferred.succeed(recorded, Option.none())
      }).pipe(withEdge({ repo }))
    })
  )

  it.effect("does not say no while an attempt to record it may yet come through", () =>
    Effect.gen(function* () {
      const refusal = () => Effect.fail(new KeyCanceled())
      const toldAfter = Effect.fnUntraced(function* (error: DatabaseUnavailable) {
        const attempts = yield* Ref.make(0)
        const claim = () =>
          Effect.flatMap(
            Ref.updateAndGet(attempts, (n) => n + 1),
            (attempt): Effect.Effect<Option.Option<never>, DatabaseUnavailable> =>
              attempt === 1 ? Effect.fail(error) : nothing()
          )
        const repo: Repo = { claim, findByKey: nothing, refusal }
        const asking = yield* Effect.forkChild(Effect.flip(run).pipe(withEdge({ repo })))
        yield* TestClock.adjust("12 seconds")
        return (yield* Fiber.join(asking))._tag
      })
      assert.strictEqual(yield* toldAfter(new DatabaseUnavailable({ reason: "timeout" })), "DatabaseUnavailable")
      assert.strictEqual(yield* toldAfter(new DatabaseUnavailable({ reason: "connection" })), "DatabaseUnavailable")
      assert.strictEqual(yield* toldAfter(new DatabaseUnavailable({ reason: "checkout" })), "KeyCanceled")
    })
  )

  it.effect("goes on when whoever asked has gone", () =>
    Effect.gen(function* () {
      const replied = yield* Deferred.make<EpxResult>()
      const stored = yield* Deferred.make<string>()
      const repo: Repo = {
        claim: claims,
        settle: (call, settlement) =>
          Effect.andThen(Deferred.succeed(stored, settlement.status), settles("captured")(call, settlement))
      }
      yield* Effect.gen(function* () {
        const asking = yield* Effect.forkChild(run)
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(asking)
        yield* Deferred.succeed(replied, approved)
        assert.strictEqual(yield* Deferred.await(stored), "approved")
      }).pipe(withEdge({ repo, send: () => Deferred.await(replied) }))
    })
  )

  it.effect("recognises its own claim after the answer to it was lost, and sends it once", () =>
    Effect.gen(function* () {
      const sent = yield* Ref.make(0)
      const first = yield* Ref.make<ChargeIds | undefined>(undefined)
      const repo: Repo = {
        // Commits, and then the connection is lost; the second time the key is taken.
        claim: (_, ids) =>
          Effect.flatMap(Ref.get(first), (made) =>
            made === undefined ? Effect.andThen(Ref.set(first, ids), Effect.fail(away)) : nothing()
          ),
        findByKey: () => Effect.map(Ref.get(first), (made) => Option.map(Option.fromUndefinedOr(made), existing)),
        settle: settles("captured")
      }
      const asking = yield* Effect.forkChild(told.pipe(withEdge({ repo, send: counted(sent, approved) })))
      yield* TestClock.adjust("1 second")
      const expected = { payment: "captured", transaction: "approved", isDecided: true, isReplay: false }
      assert.deepStrictEqual(yield* Fiber.join(asking), expected)
      assert.strictEqual(yield* Ref.get(sent), 1)
    })
  )

  it.effect("stores the answer when the database comes back", () =>
    Effect.gen(function* () {
      const attempts = yield* Ref.make(0)
      const repo: Repo = {
        claim: claims,
        findByKey: nothing,
        settle: (call, settlement) =>
          Effect.flatMap(
            Ref.updateAndGet(attempts, (n) => n + 1),
            (attempt) => (attempt < 5 ? Effect.fail(away) : settles("captured")(call, settlement))
          )
      }
      const send = () => Effect.succeed(approved)
      const asking = yield* Effect.forkChild(statusTold.pipe(withEdge({ repo, send })))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(asking), "captured")
      assert.strictEqual(yield* Ref.get(attempts), 5)
    })
  )

  it.effect("does not call a charge failed because its answer could not be stored", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusTold, "processing")
    }).pipe(
      withEdge({
        repo: { claim: claims, findByKey: () => Effect.fail(away), settle: () => Effect.die("bug") },
        send: () => Effect.succeed(approved)
      })
    )
  )

  it.effect("says 503 and frees the key when nothing was sent", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(run))._tag, "GatewayUnavailable")
    }).pipe(withEdge({ repo: { claim: claims, settle: settles("failed") }, send: () => Effect.succeed(notSent) }))
  )

  it.effect("says why there is nothing to claim", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(run))._tag, "KeyCanceled")
    }).pipe(withEdge({ repo: { claim: nothing, findByKey: nothing, refusal: () => Effect.fail(new KeyCanceled()) } }))
  )

  it.effect("tells what the resolver has made of a call whose answer came too late", () =>
    Effect.gen(function* () {
      const reversed = existing(other, { status: "reversed", payment: paymentOf(other, "reversed"), isDecided: true })
      const repo: Repo = { claim: claims, findByKey: finds(reversed), settle: nothing }
      const done = yield* told.pipe(withEdge({ repo, send: () => Effect.succeed(approved) }))
      const expected = { payment: "reversed", transaction: "reversed", isDecided: true, isReplay: false }
      assert.deepStrictEqual(done, expected)
    })
  )

  it.effect("leaves an unknown outcome to the resolver, at once, and does not wait for it", () =>
    Effect.gen(function* () {
      const woken = yield* Ref.make<ReadonlyArray<"resolver" | "upkeep">>([])
      const repo: Repo = { claim: claims, settle: settles("unknown") }
      const done = yield* told.pipe(withEdge({ repo, send: () => Effect.succeed(lost), woken }))
      const expected = { payment: "unknown", transaction: "unknown", isDecided: false, isReplay: false }
      assert.deepStrictEqual(done, expected)
      assert.deepStrictEqual(yield* Ref.get(woken), ["resolver"])
    })
  )

  it.effect("waits until an approval that is not wanted has been undone", () =>
    Effect.gen(function* () {
      const woken = yield* Ref.make<ReadonlyArray<"resolver" | "upkeep">>([])
      const stored = yield* Ref.make<Settlement | null>(null)
      const isUndone = yield* Ref.make(false)
      const declined = existing(other, { status: "voided", payment: paymentOf(other, "declined"), isDecided: true })
      const repo: Repo = {
        claim: claims,
        findByKey: () =>
          Effect.map(Ref.get(isUndone), (is) => Option.some(is ? declined : existing(other, { status: "approved" }))),
        settle: keeps(stored, "processing")
      }
      const partial: EpxResult = {
        _tag: "Replied",
        outcome: "approved",
        answer: { ...answer, amountApproved: 500, bric: charge.bric }
      }
      const asked = told.pipe(withEdge({ repo, send: () => Effect.succeed(partial), woken }))
      const asking = yield* Effect.forkChild(asked)
      yield* TestClock.adjust("3 seconds")
      assert.isUndefined(asking.pollUnsafe())
      assert.strictEqual((yield* Ref.get(stored))?.undo, "partial_approval")
      assert.deepStrictEqual(yield* Ref.get(woken), ["upkeep"])
      yield* Ref.set(isUndone, true)
      yield* TestClock.adjust("500 millis")
      const expected = { payment: "declined", transaction: "voided", isDecided: true, isReplay: false }
      assert.deepStrictEqual(yield* Fiber.join(asking), expected)
    })
  )
})

describe("a charge under a key that was used before", () => {
  it.effect("is refused when it was for another request", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(run))._tag, "IdempotencyKeyReused")
    }).pipe(
      withEdge({
        repo: { claim: nothing, findByKey: finds({ ...captured, fingerprint: new Uint8Array(32).fill(1) }) }
      })
    )
  )

  it.effect("is answered with what came of it, and nothing is sent", () =>
    Effect.gen(function* () {
      const expected = { payment: "captured", transaction: "approved", isDecided: true, isReplay: true }
      assert.deepStrictEqual(yield* told, expected)
    }).pipe(withEdge({ repo: { claim: nothing, findByKey: finds(captured) } }))
  )

  it.effect("waits for a call that is on its way", () =>
    Effect.gen(function* () {
      const found = yield* Ref.make(existing(other))
      const repo: Repo = { claim: nothing, findByKey: () => Effect.map(Ref.get(found), Option.some) }
      const asking = yield* Effect.forkChild(told.pipe(withEdge({ repo })))
      yield* TestClock.adjust("5 seconds")
      assert.isUndefined(asking.pollUnsafe())
      yield* Ref.set(found, captured)
      yield* TestClock.adjust("500 millis")
      assert.deepInclude(yield* Fiber.join(asking), { payment: "captured", isDecided: true, isReplay: true })
    })
  )

  it.effect("says that nothing was sent if that call turns out not to have been", () =>
    Effect.gen(function* () {
      const found = yield* Ref.make(Option.some(existing(other)))
      const repo: Repo = { claim: nothing, findByKey: () => Ref.get(found) }
      const asking = yield* Effect.forkChild(Effect.flip(run).pipe(withEdge({ repo })))
      yield* TestClock.adjust("5 seconds")
      yield* Ref.set(found, Option.none())
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* Fiber.join(asking))._tag, "GatewayUnavailable")
    })
  )

  it.effect("is answered within one soft deadline, however long the claim took", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const claim: Claim = () => Effect.andThen(Effect.sleep("9 seconds"), nothing())
      const repo: Repo = { claim, findByKey: finds(existing(other)) }
      const asking = yield* Effect.forkChild(told.pipe(withEdge({ repo })))
      yield* TestClock.adjust("11999 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* Fiber.join(asking), { payment: "processing", isDecided: false, isReplay: true })
    })
  )

  it.effect("is answered with what was known when the database goes away meanwhile", () =>
    Effect.gen(function* () {
      const asked = yield* Ref.make(0)
      const repo: Repo = {
        claim: nothing,
        findByKey: () =>
          Effect.flatMap(
            Ref.updateAndGet(asked, (n) => n + 1),
            (times) => (times > 3 ? Effect.fail(away) : Effect.succeedSome(existing(other)))
          )
      }
      const asking = yield* Effect.forkChild(told.pipe(withEdge({ repo })))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Fiber.join(asking), { payment: "processing", isDecided: false, isReplay: true })
    })
  )
})

describe("while EPX does not answer, a charge", () => {
  it.effect("is refused before it is recorded", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(run))._tag, "GatewayUnavailable")
    }).pipe(withEdge({ repo: { findByKey: nothing }, isOpen: true }))
  )

  it.effect("is answered when its key was used before", () =>
    Effect.gen(function* () {
      const expected = { payment: "captured", transaction: "approved", isDecided: true, isReplay: true }
      assert.deepStrictEqual(yield* told, expected)
    }).pipe(withEdge({ repo: { findByKey: finds(captured) }, isOpen: true }))
  )

  it.effect("waits for a call on its way no longer than any other", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(told)
      yield* TestClock.adjust("11999 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* Fiber.join(asking), { payment: "processing", isDecided: false, isReplay: true })
    }).pipe(withEdge({ repo: { findByKey: finds(existing(other)) }, isOpen: true }))
  )

  it.effect("is refused when its key was used for another request", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(run))._tag, "IdempotencyKeyReused")
    }).pipe(
      withEdge({
        repo: { findByKey: finds({ ...captured, fingerprint: new Uint8Array(32).fill(1) }) },
        isOpen: true
      })
    )
  )

  it.effect("is told when the database is away as well", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Effect.flip(run), away)
    }).pipe(withEdge({ repo: { findByKey: () => Effect.fail(away) }, isOpen: true }))
  )
})

describe("Calls", () => {
  it.effect("lets a call that has begun come to its end before it closes", () =>
    Effect.gen(function* () {
      const replied = yield* Deferred.make<EpxResult>()
      const stored = yield* Ref.make<Settlement | null>(null)
      const repo: Repo = { claim: claims, settle: keeps(stored) }
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(moneyPath({ repo, send: () => Deferred.await(replied) }), scope)
      yield* Effect.forkChild(Effect.provideContext(run, services))
      yield* TestClock.adjust("1 second")

      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("30 seconds")
      assert.isUndefined(closing.pollUnsafe())
      yield* Deferred.succeed(replied, approved)
      yield* Fiber.join(closing)
      assert.strictEqual((yield* Ref.get(stored))?.status, "approved")
    })
  )

  it.effect("stores what EPX has answered even when shutdown can wait no longer", () =>
    Effect.gen(function* () {
      const stored = yield* Ref.make<Settlement | null>(null)
      const settle: Settle = (call, settlement) =>
        Effect.andThen(Effect.sleep("2 seconds"), keeps(stored)(call, settlement))
      const send = () => Effect.as(Effect.sleep("60 seconds"), approved)
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(moneyPath({ repo: { claim: claims, settle }, send }), scope)
      yield* Effect.forkChild(Effect.provideContext(run, services))
      yield* TestClock.adjust("1 second")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      // The answer comes a second before the drain is over, and is stored a second after.
      yield* TestClock.adjust("61 seconds")
      yield* Fiber.join(closing)
      assert.strictEqual((yield* Ref.get(stored))?.status, "approved")
    })
  )
})
