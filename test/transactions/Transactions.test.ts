import { assert, describe, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, Ref, Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { Amount } from "../../src/domain/Money.ts"
import { Epx } from "../../src/epx/Epx.ts"
import type { EpxResult } from "../../src/epx/Result.ts"
import { Calls } from "../../src/transactions/Calls.ts"
import { type Charge, type ClaimedCharge, processingPayment } from "../../src/transactions/Charge.ts"
import { Resolver } from "../../src/transactions/Resolver.ts"
import { Transactions } from "../../src/transactions/Transactions.ts"
import { TransactionsRepo } from "../../src/transactions/TransactionsRepo.ts"

const uuid = "01a2042c-fd7c-766c-972a-9e5d917959a1"
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
  idempotencyKey: "order-1",
  fingerprint: new Uint8Array(32)
}
const key = { cust_nbr: "7000", merch_nbr: "700010", dba_nbr: "1", terminal_nbr: "1" }
const pair = { batch_id: "20261122", tran_nbr: 1 }

const approved: EpxResult = {
  _tag: "Replied",
  outcome: "approved",
  answer: {
    responseCode: "00",
    networkResponse: "00",
    authorizationCode: null,
    text: null,
    avs: null,
    avsMatch: null,
    cvv: null,
    cvvMatch: null,
    card: { brand: "visa", last4: "0002" },
    amountApproved: 1999,
    bric: null,
    networkTransactionId: null
  }
}

const away = new DatabaseUnavailable({ reason: "connection" })

type Repo = Partial<TransactionsRepo["Service"]>

/** The real `Transactions` and `Calls` over a table and a wire that behave as told. */
const withService = (repo: Repo, send: Epx["Service"]["send"]) =>
  Transactions.layer.pipe(
    Layer.provideMerge(Calls.layer),
    Layer.provide([
      Layer.mock(TransactionsRepo)(repo),
      Layer.succeed(Epx, Epx.of({ send, isOpen: () => Effect.succeed(false) })),
      Layer.succeed(Resolver, Resolver.of({ wake: Effect.void })),
      SecureRandom.layerWebCrypto
    ])
  )

const claims: Repo["claim"] = (_, ids) => Effect.succeed(Option.some({ ...ids, key, pair }))
const nothing = () => Effect.succeed(Option.none())

const now = DateTime.makeUnsafe("2026-11-22T12:00:00Z")

const settled =
  (status: "captured" | "failed"): TransactionsRepo["Service"]["settle"] =>
  (claimed) =>
    Effect.succeed(Option.some({ ...processingPayment(charge, claimed, now), status }))

const statusOf = Effect.map(
  Effect.flatMap(Transactions, ({ charge: run }) => run(charge)),
  ({ payment }) => payment.status
)

describe("Transactions.charge", () => {
  it.effect("answers with what is known when EPX takes longer than the soft deadline, and settles later", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<EpxResult>()
      const stored = yield* Ref.make<string>("nothing")
      const ids = yield* Ref.make<ClaimedCharge | undefined>(undefined)
      const repo: Repo = {
        claim: (_, made) => {
          const claimed = { ...made, key, pair }
          return Effect.as(Ref.set(ids, claimed), Option.some(claimed))
        },
        findByKey: () =>
          Effect.map(Ref.get(ids), (claimed) =>
            claimed === undefined
              ? Option.none()
              : Option.some({
                  claimed,
                  fingerprint: charge.fingerprint,
                  payment: processingPayment(charge, claimed, now)
                })
          ),
        settle: (claimed, settlement) =>
          Effect.andThen(Ref.set(stored, settlement.status), settled("captured")(claimed, settlement))
      }
      yield* Effect.gen(function* () {
        const asking = yield* Effect.forkChild(statusOf)
        yield* TestClock.adjust("12 seconds")
        assert.strictEqual(yield* Fiber.join(asking), "processing")
        assert.strictEqual(yield* Ref.get(stored), "nothing")
        yield* Deferred.succeed(answer, approved)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* Ref.get(stored), "approved")
      }).pipe(Effect.provide(withService(repo, () => Deferred.await(answer))))
    })
  )

  it.effect("does so even when the database cannot be asked, since the call is on record", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(statusOf)
      yield* TestClock.adjust("12 seconds")
      assert.strictEqual(yield* Fiber.join(asking), "processing")
      yield* TestClock.adjust("8 seconds")
    }).pipe(
      Effect.provide(
        withService({ claim: claims, findByKey: () => Effect.fail(away), settle: settled("captured") }, () =>
          Effect.sleep("20 seconds").pipe(Effect.as(approved))
        )
      )
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
        const asking = yield* Effect.forkChild(Effect.flip(statusOf))
        yield* TestClock.adjust("12 seconds")
        assert.strictEqual((yield* Fiber.join(asking))._tag, "DatabaseUnavailable")
        yield* TestClock.adjust("5 minutes")
        assert.strictEqual(yield* Ref.get(sent), 0)
      }).pipe(
        Effect.provide(
          withService(repo, () =>
            Effect.as(
              Ref.update(sent, (n) => n + 1),
              approved
            )
          )
        )
      )
    })
  )

  it.effect("goes on when whoever asked has gone", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<EpxResult>()
      const stored = yield* Deferred.make<string>()
      const repo: Repo = {
        claim: claims,
        settle: (claimed, settlement) =>
          Effect.andThen(Deferred.succeed(stored, settlement.status), settled("captured")(claimed, settlement))
      }
      yield* Effect.gen(function* () {
        const asking = yield* Effect.forkChild(statusOf)
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(asking)
        yield* Deferred.succeed(answer, approved)
        assert.strictEqual(yield* Deferred.await(stored), "approved")
      }).pipe(Effect.provide(withService(repo, () => Deferred.await(answer))))
    })
  )

  it.effect("recognises its own claim after the answer to it was lost, and sends it once", () =>
    Effect.gen(function* () {
      const sent = yield* Ref.make(0)
      const first = yield* Ref.make<ClaimedCharge | undefined>(undefined)
      const repo: Repo = {
        // Commits, and then the connection is lost; the second time the key is taken.
        claim: (_, ids) =>
          Effect.flatMap(Ref.get(first), (made) =>
            made === undefined
              ? Effect.andThen(Ref.set(first, { ...ids, key, pair }), Effect.fail(away))
              : Effect.succeed(Option.none())
          ),
        findByKey: () =>
          Effect.map(Ref.get(first), (claimed) =>
            claimed === undefined
              ? Option.none()
              : Option.some({
                  claimed,
                  fingerprint: charge.fingerprint,
                  payment: processingPayment(charge, claimed, now)
                })
          ),
        settle: settled("captured")
      }
      const run = statusOf.pipe(
        Effect.provide(
          withService(repo, () =>
            Effect.as(
              Ref.update(sent, (n) => n + 1),
              approved
            )
          )
        )
      )
      const asking = yield* Effect.forkChild(run)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(asking), "captured")
      assert.strictEqual(yield* Ref.get(sent), 1)
    })
  )

  it.effect("stores the answer when the database comes back", () =>
    Effect.gen(function* () {
      const attempts = yield* Ref.make(0)
      const repo: Repo = {
        claim: claims,
        findByKey: nothing,
        settle: (claimed, settlement) =>
          Effect.flatMap(
            Ref.updateAndGet(attempts, (n) => n + 1),
            (attempt) => (attempt < 5 ? Effect.fail(away) : settled("captured")(claimed, settlement))
          )
      }
      const asking = yield* Effect.forkChild(
        statusOf.pipe(Effect.provide(withService(repo, () => Effect.succeed(approved))))
      )
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(asking), "captured")
      assert.strictEqual(yield* Ref.get(attempts), 5)
    })
  )

  it.effect("does not call a charge failed because its answer could not be stored", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusOf, "processing")
    }).pipe(
      Effect.provide(
        withService({ claim: claims, findByKey: () => Effect.fail(away), settle: () => Effect.die("bug") }, () =>
          Effect.succeed(approved)
        )
      )
    )
  )

  it.effect("says 503 and frees the key when nothing was sent", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(statusOf)
      assert.strictEqual(error._tag, "GatewayUnavailable")
    }).pipe(
      Effect.provide(
        withService({ claim: claims, settle: settled("failed") }, () =>
          Effect.succeed({ _tag: "NotSent", reason: "connect", detail: "refused" })
        )
      )
    )
  )

  it.effect("refuses a key that was used for another request", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(statusOf))._tag, "IdempotencyKeyReused")
    }).pipe(
      Effect.provide(
        withService(
          {
            claim: nothing,
            findByKey: (asked) =>
              Effect.succeed(
                Option.some({
                  claimed: other,
                  fingerprint: new Uint8Array(32).fill(1),
                  payment: processingPayment(asked, other, now)
                })
              )
          },
          () => Effect.never
        )
      )
    )
  )
})

const other: ClaimedCharge = {
  paymentId: PaymentIds.fromUuid(uuid),
  transactionId: TransactionIds.fromUuid(uuid),
  key,
  pair
}

describe("Calls", () => {
  it.effect("lets a call that has begun come to its end before it closes", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<EpxResult>()
      const stored = yield* Ref.make("nothing")
      const repo: Repo = {
        claim: claims,
        settle: (claimed, settlement) =>
          Effect.andThen(Ref.set(stored, settlement.status), settled("captured")(claimed, settlement))
      }
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(
        withService(repo, () => Deferred.await(answer)),
        scope
      )
      yield* Effect.forkChild(Effect.provideContext(statusOf, services))
      yield* TestClock.adjust("1 second")

      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("30 seconds")
      assert.isUndefined(closing.pollUnsafe())
      yield* Deferred.succeed(answer, approved)
      yield* Fiber.join(closing)
      assert.strictEqual(yield* Ref.get(stored), "approved")
    })
  )
})
