import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { ApiKeyIds, MerchantIds } from "../../src/domain/Ids.ts"
import { type Buyer, DeclineGuard, watchOf } from "../../src/http/DeclineGuard.ts"
import type { Counted } from "../../src/limits/DeclineStatements.ts"
import { declineGuardLayer } from "../../src/limits/Declines.ts"
import { type Blocked, DeclinesRepo } from "../../src/limits/DeclinesRepo.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"

const uuid = "01a2042c-fd7c-7000-8000-000000000001"

const buyerWith = (change: Partial<Buyer> = {}): Buyer => ({
  merchantId: MerchantIds.fromUuid(uuid),
  environment: "test",
  keyId: ApiKeyIds.fromUuid(uuid),
  customerId: "anna",
  address: Redacted.make("192.0.2.1"),
  ...change
})
const anna = buyerWith()
const other = buyerWith({ customerId: "bob", address: Redacted.make("192.0.2.2") })

/** Digests as long as the names, so that a test can read them. */
const cipher = Layer.mock(ColumnCipher)({
  seal: () => ({ keyId: "", sealed: Buffer.of() }),
  fingerprint: (value) => Buffer.from(value)
})
const digestOf = (text: string) => Buffer.from(`declines ${text}`).toString("hex")
const tenant = `${anna.merchantId} test`

/** The guard on a repository that does as it is told, and what it has been asked. */
const guardOn = Effect.fnUntraced(function* (repo: Partial<DeclinesRepo["Service"]> = {}) {
  const asked: { readonly added: Array<ReadonlyArray<Counted>>; tell: Effect.Effect<void> } = {
    added: [],
    tell: Effect.void
  }
  let isOver = false
  const layer = declineGuardLayer({ customer: 3, address: 4, key: 5 }).pipe(
    Layer.provide([
      cipher,
      Layer.mock(DeclinesRepo)({
        blocked: () => Effect.succeed([]),
        purge: () => Effect.succeed(0),
        watch: (onChange) =>
          Effect.sync(() => {
            asked.tell = onChange
            return { isCurrent: () => true }
          }),
        ...repo,
        add: (counted) =>
          Effect.andThen(
            Effect.sync(() => asked.added.push(counted)),
            isOver ? Effect.succeed([]) : (repo.add?.(counted) ?? Effect.succeed([]))
          )
      })
    ])
  )
  const guard = Context.get(yield* Layer.build(layer), DeclineGuard)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isOver = true
    })
  )
  const decline = (buyer: Buyer, times: number) => {
    for (let n = 0; n < times; n++) guard.count(buyer)
  }
  return { asked, guard, decline }
})

/** Lets the fibers behind the guard do what there is to be done. */
const settled = TestClock.adjust(0)

const unavailable = Effect.fail(new DatabaseUnavailable({ reason: "checkout" }))

describe("F-15: whose charges are declined too often", () => {
  it.effect("is refused at once, by customer, by address and by key", () =>
    Effect.gen(function* () {
      for (const [limit, buyer, per] of [
        [3, anna, "customer"],
        [4, buyerWith({ customerId: null }), "address"],
        [5, buyerWith({ customerId: null, address: null }), "key"]
      ] as const) {
        const { decline, guard } = yield* guardOn()
        decline(buyer, limit - 1)
        assert.isUndefined(guard.refusal(buyer))
        decline(buyer, 1)
        assert.deepStrictEqual(guard.refusal(buyer), { per, retryAfter_s: 600 / limit })
      }
    })
  )

  it.effect("is nobody else's concern", () =>
    Effect.gen(function* () {
      const { decline, guard } = yield* guardOn()
      decline(anna, 3)
      assert.isDefined(guard.refusal(anna))
      assert.isUndefined(guard.refusal(other))
      assert.isUndefined(guard.refusal({ ...anna, environment: "live" }))
      assert.isUndefined(guard.refusal({ ...anna, merchantId: MerchantIds.fromUuid(uuid.replace(/1$/, "2")) }))
    })
  )

  it.effect("is let in again when enough has leaked away", () =>
    Effect.gen(function* () {
      const { decline, guard } = yield* guardOn()
      decline(anna, 3)
      yield* TestClock.adjust("199 seconds")
      assert.deepStrictEqual(guard.refusal(anna), { per: "customer", retryAfter_s: 1 })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(guard.refusal(anna))
    })
  )

  it.effect("is told to the others behind the back of the payment, together with all that came meanwhile", () =>
    Effect.gen(function* () {
      const { asked, decline } = yield* guardOn()
      decline(anna, 2)
      decline(other, 1)
      assert.isEmpty(asked.added)
      yield* settled
      assert.lengthOf(asked.added, 1)
      assert.deepStrictEqual(
        asked.added[0]?.map(({ declines, kind, usual }) => [kind, declines, usual]),
        [
          ["customer", 2, 3],
          ["address", 2, 4],
          ["key", 3, 5],
          ["customer", 1, 3],
          ["address", 1, 4]
        ]
      )
      yield* settled
      assert.lengthOf(asked.added, 1)
    })
  )

  it.effect("counts on top of what others have counted", () =>
    Effect.gen(function* () {
      const { decline, guard } = yield* guardOn({
        add: (counted) => Effect.succeed(counted.map(({ digest }) => ({ digest, level: 1.5, limit: 3 })))
      })
      decline(anna, 1)
      yield* settled
      assert.isUndefined(guard.refusal(anna))
      decline(anna, 1)
      assert.deepStrictEqual(guard.refusal(anna), { per: "customer", retryAfter_s: 100 })
    })
  )

  it.effect("is refused when another process says so, and let in again when none does", () =>
    Effect.gen(function* () {
      let blocked: ReadonlyArray<Blocked> = [{ digest: digestOf(`address ${tenant} 192.0.2.1`), wait_s: 30 }]
      const add = (counted: ReadonlyArray<Counted>) =>
        Effect.succeed(counted.map(({ declines, digest, usual }) => ({ digest, level: declines, limit: usual })))
      const { asked, decline, guard } = yield* guardOn({ add, blocked: () => Effect.succeed(blocked) })
      assert.isUndefined(guard.refusal(anna))
      yield* asked.tell
      yield* settled
      assert.deepStrictEqual(guard.refusal(anna), { per: "address", retryAfter_s: 30 })
      assert.isUndefined(guard.refusal(other))
      yield* TestClock.adjust("30 seconds")
      assert.isUndefined(guard.refusal(anna))

      // An operator has given the customer more, who is full here.
      decline(anna, 3)
      yield* settled
      assert.isDefined(guard.refusal(anna))
      yield* TestClock.adjust("100 millis")
      blocked = []
      yield* asked.tell
      yield* settled
      assert.isUndefined(guard.refusal(anna))
    })
  )

  it.effect("is not forgotten while it has not been told", () =>
    Effect.gen(function* () {
      const { asked, decline, guard } = yield* guardOn({ add: () => Effect.never })
      decline(other, 1)
      yield* settled
      decline(anna, 3)
      yield* asked.tell
      yield* TestClock.adjust("1 minute")
      assert.isDefined(guard.refusal(anna))
    })
  )

  it.effect("is counted here, and charged, where the database cannot be asked, is silent or answers nonsense", () =>
    Effect.gen(function* () {
      for (const add of [unavailable, Effect.die("broken"), Effect.never, Effect.interrupt]) {
        const { asked, decline, guard } = yield* guardOn({ add: () => add, blocked: () => unavailable })
        decline(anna, 2)
        yield* settled
        assert.isUndefined(guard.refusal(anna))
        decline(anna, 1)
        yield* settled
        assert.isDefined(guard.refusal(anna))
        assert.isAtLeast(asked.added.length, 1)
      }
    })
  )

  it.effect("is told again when the database could not be asked, and counted once", () =>
    Effect.gen(function* () {
      for (const [failure, again] of [
        [unavailable, 2],
        [Effect.fail(new DatabaseUnavailable({ reason: "lock" })), 2],
        // Whether they were stored is not known.
        [Effect.fail(new DatabaseUnavailable({ reason: "timeout" })), 0],
        [Effect.die("broken"), 0]
      ] as const) {
        let isAway = true
        const { asked, decline } = yield* guardOn({
          add: () => Effect.suspend(() => (isAway ? failure : Effect.succeed([])))
        })
        decline(anna, 2)
        yield* settled
        isAway = false
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(
          asked.added.map((counted) => counted.map(({ declines }) => declines)),
          [
            [2, 2, 2],
            [again, again, again]
          ]
        )
      }
    })
  )

  it.effect("is refused here, whatever others say, as long as it may not have been stored", () =>
    Effect.gen(function* () {
      const { asked, decline, guard } = yield* guardOn({ add: () => Effect.die("broken") })
      decline(anna, 3)
      yield* asked.tell
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(guard.refusal(anna)?.per, "customer")
    })
  )

  it.effect("is told at once though what is blocked has just been read", () =>
    Effect.gen(function* () {
      const { asked, decline } = yield* guardOn()
      yield* asked.tell
      yield* settled
      decline(anna, 1)
      yield* settled
      assert.lengthOf(asked.added, 1)
    })
  )

  it.effect("is asked for again until it is known what others have blocked", () =>
    Effect.gen(function* () {
      let asks = 0
      const { asked, guard } = yield* guardOn({
        blocked: () =>
          Effect.suspend(() =>
            ++asks < 3 ? unavailable : Effect.succeed([{ digest: digestOf(`customer ${tenant} anna`), wait_s: 60 }])
          )
      })
      yield* asked.tell
      yield* settled
      assert.isUndefined(guard.refusal(anna))
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([asks, guard.refusal(anna)], [3, { per: "customer", retryAfter_s: 60 }])
    })
  )

  it.effect("SEC-4: is remembered of ten thousand, and of more the latest", () =>
    Effect.gen(function* () {
      const { asked, decline, guard } = yield* guardOn({ add: () => Effect.never })
      const strangerOf = (n: number) => buyerWith({ customerId: `stranger ${n}`, address: null })
      decline(anna, 3)
      yield* settled
      // With its address and its key, the first of all had the three longest known.
      for (let n = 0; n < 9_997; n++) decline(strangerOf(n), n === 9_996 ? 3 : 1)
      const isRefused = (buyer: Buyer) =>
        guard.refusal({ ...buyer, keyId: ApiKeyIds.fromUuid(uuid.replace(/1$/, "2")) })
      assert.isDefined(isRefused(anna))
      decline(strangerOf(9_997), 1)
      assert.isUndefined(isRefused(anna))
      assert.isDefined(isRefused(strangerOf(9_996)))
      assert.lengthOf(asked.added, 1)
    })
  )

  it.effect("does not keep the process from ending for longer than a second", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const add = () => Effect.never
      const repo = Layer.mock(DeclinesRepo)({ add, watch: () => Effect.succeed({ isCurrent: () => true }) })
      const layer = declineGuardLayer({ customer: 3, address: 4, key: 5 }).pipe(Layer.provide([cipher, repo]))
      const guard = Context.get(yield* Layer.buildWithScope(layer, scope), DeclineGuard)
      guard.count(anna)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
    })
  )

  it.effect("is forgotten once a minute where nothing is left, here and by as many statements as that takes", () =>
    Effect.gen(function* () {
      const removed = [1_000, 1_000, 7]
      let asks = 0
      const { decline, guard } = yield* guardOn({
        purge: () => Effect.suspend(() => (asks === 3 ? Effect.die("broken") : Effect.succeed(removed[asks++] ?? 0)))
      })
      decline(anna, 3)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(asks, 3)
      assert.isDefined(guard.refusal(anna))
      yield* TestClock.adjust("1 minute")
      asks = 2
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(asks, 3)
    })
  )

  it.effect("is told as the process ends", () =>
    Effect.gen(function* () {
      const told = yield* Effect.scoped(
        Effect.gen(function* () {
          const { asked, decline } = yield* guardOn()
          decline(anna, 1)
          return asked.added
        })
      )
      assert.lengthOf(told, 1)
    })
  )
})

describe("F-15: a guard that is broken", () => {
  const broken = () => {
    throw new Error("broken")
  }

  it.effect("refuses nobody, and fails nothing", () =>
    Effect.gen(function* () {
      let counted = 0
      for (const guard of [
        { refusal: broken, count: broken },
        { refusal: () => undefined, count: broken },
        { refusal: broken, count: () => void counted++ }
      ]) {
        const { objection, onDeclined } = watchOf(guard, anna)
        assert.isUndefined(yield* objection)
        yield* onDeclined
      }
      assert.strictEqual(counted, 1)
    })
  )

  it.effect("is not one that refuses", () =>
    Effect.gen(function* () {
      const guard = { refusal: () => ({ per: "key" as const, retryAfter_s: 7 }), count: () => {} }
      assert.deepInclude(yield* watchOf(guard, anna).objection, { _tag: "TooManyDeclines", per: "key", retry_after: 7 })
    })
  )
})
