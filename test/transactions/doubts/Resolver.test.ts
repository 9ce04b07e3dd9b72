import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Ref } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { PaymentIds, TransactionIds } from "../../../src/domain/Ids.ts"
import { Amount } from "../../../src/domain/Money.ts"
import { CustomPay } from "../../../src/epx/CustomPay.ts"
import { Epx } from "../../../src/epx/Epx.ts"
import type { LookUp } from "../../../src/epx/LookUp.ts"
import type { EpxResult } from "../../../src/epx/Result.ts"
import { Calls } from "../../../src/transactions/Calls.ts"
import { DoubtsRepo, type History } from "../../../src/transactions/doubts/DoubtsRepo.ts"
import { Resolver } from "../../../src/transactions/doubts/Resolver.ts"
import { refusedReversal } from "../../../src/transactions/Outcome.ts"
import type { Resolution, Settled, Settlement } from "../../../src/transactions/Settlement.ts"
import type { Target } from "../../../src/transactions/Target.ts"
import { TransactionsRepo } from "../../../src/transactions/TransactionsRepo.ts"
import { approved, counted, key, lost, nothing, pair, uuid } from "../Wiring.ts"

const target: Target = { id: TransactionIds.fromUuid(uuid), paymentId: PaymentIds.fromUuid(uuid) }
const amount = Amount.make(1999)
const bric = Redacted.make("09LTESTSALE00000001")

const history = (rest: Partial<History>): History => ({
  type: "sale",
  amount,
  amount_approved: null,
  age: 0,
  is_answered: false,
  doubt: null,
  lookups: 0,
  has_bric: false,
  has_key: true,
  has_lookup: false,
  multiple_captures: false,
  target_id: null,
  target_type: null,
  target_amount: null,
  is_voidable: true,
  attempts: [],
  ...rest
})

interface Asked {
  /** How often the history was read. */
  readonly readings: number
  readonly scheduled: ReadonlyArray<number | null>
  readonly resolved: ReadonlyArray<readonly [Settled, Settlement, Resolution]>
}

interface Edge {
  /** As it stands after so many readings; undefined: the outcome is known by then. */
  readonly history: (readings: number) => History | undefined
  readonly repo?: Partial<DoubtsRepo["Service"]>
  readonly send?: Epx["Service"]["send"]
  readonly find?: LookUp
}

/** Lets the real resolver sweep for so long over one doubt, and tells what it asked for. */
const sweepFor = Effect.fnUntraced(function* (duration: "1 millis" | "10 seconds", edge: Edge) {
  const asked = yield* Ref.make<Asked>({ readings: 0, scheduled: [], resolved: [] })
  // Whatever the resolver makes of it, it is due once.
  const isDue = yield* Ref.make(true)
  const repo: Partial<DoubtsRepo["Service"]> = {
    takeOver: () => Effect.succeed(0),
    due: () => Effect.map(Ref.getAndSet(isDue, false), (is) => (is ? [target] : [])),
    unknown: Effect.succeed({ count: 1, oldest_age_s: 1, exceptions: 0, exception_age_s: 0 }),
    history: () =>
      Effect.map(
        Ref.modify(asked, (all) => [all.readings, { ...all, readings: all.readings + 1 }] as const),
        // A resolver that never lets go is let go here, so that its test fails and does not hang.
        (readings) => Option.fromUndefinedOr(readings > 50 ? undefined : edge.history(readings))
      ),
    schedule: (_, at) => Ref.update(asked, (all) => ({ ...all, scheduled: [...all.scheduled, at] })),
    settleAttempt: () => Effect.void,
    ...edge.repo
  }
  const transactions: Partial<TransactionsRepo["Service"]> = {
    resolve: (call, settlement, resolution) =>
      Effect.as(
        Ref.update(asked, (all) => ({ ...all, resolved: [...all.resolved, [call, settlement, resolution] as const] })),
        Option.none()
      )
  }
  yield* TestClock.adjust(duration).pipe(
    Effect.provide(
      Resolver.layer.pipe(
        Layer.provide(Calls.layer),
        Layer.provide([
          Layer.mock(DoubtsRepo)(repo),
          Layer.mock(TransactionsRepo)(transactions),
          Layer.mock(Epx)(edge.send === undefined ? {} : { send: edge.send }),
          Layer.mock(CustomPay)({ find: () => Effect.succeed(edge.find ?? { _tag: "Absent" }) }),
          SecureRandom.layerWebCrypto
        ])
      )
    )
  )
  return yield* Ref.get(asked)
})

const attempt = (kind: "reversal" | "probe", at: number, status: History["attempts"][number]["status"]) => ({
  id: target.id,
  kind,
  at,
  status,
  response_code: kind === "probe" && status === "declined" ? "21" : null
})

describe("Resolver", () => {
  const claimed = { ...key, ...pair, environment: "test", left_ms: 80_000 } as const

  it.effect("reverses at once what EPX did not answer, past all limits, and comes back when the next is due", () =>
    Effect.gen(function* () {
      const asked = yield* sweepFor("1 millis", {
        history: (readings) =>
          readings === 0
            ? history({ age: 30_000 })
            : history({ age: 31_000, attempts: [attempt("reversal", 30_000, "unknown")] }),
        repo: { claimReversal: () => Effect.succeedSome(claimed) },
        send: (request, _, lane) =>
          Effect.sync((): EpxResult => {
            assert.deepStrictEqual([request.operation, request.pair, lane], ["timeout_reversal", pair, "resolver"])
            return lost
          })
      })
      assert.deepStrictEqual(asked, { readings: 2, scheduled: [50_000], resolved: [] })
    })
  )

  it.effect("probes on, past all limits, until something is known", () =>
    Effect.gen(function* () {
      const sent = yield* Ref.make(0)
      const { readings, resolved } = yield* sweepFor("1 millis", {
        history: (readings) =>
          history({
            type: "void",
            age: 30_000,
            attempts: readings === 0 ? [] : [attempt("probe", 30_000, "approved")]
          }),
        repo: {
          claimProbe: (_, id) =>
            Effect.succeedSome({
              id,
              paymentId: target.paymentId,
              type: "void",
              amount,
              environment: "test",
              key,
              pair,
              isProbe: true,
              target: { id: target.id, type: "sale", amount, pair, bric }
            })
        },
        send: (request, _, lane) =>
          Effect.andThen(
            Ref.update(sent, (count) => count + 1),
            Effect.sync(() => {
              assert.deepStrictEqual([request.operation, lane], ["void", "resolver"])
              return approved
            })
          )
      })
      assert.deepStrictEqual([readings, yield* Ref.get(sent)], [2, 1])
      const [, settlement, resolution] = resolved[0] ?? assert.fail("not resolved")
      // What carried out a void is no concern of its own: only a capture is known by its probe from then on.
      assert.deepStrictEqual([settlement.status, resolution], ["approved", { by: "probe", doneBy: null }])
    })
  )

  it.effect.each([
    ["a refused reversal from a lost one", { type: "void", doubt: refusedReversal }, "refused", "rejected"],
    ["a lost reversal from a refused one", { type: "void", doubt: "no_answer: reset" }, "refused", "approved"],
    ["what was never answered", { type: "sale" }, "denied", "failed"],
    ["what was answered once", { type: "sale", is_answered: true }, "denied", null],
    ["a void of its own", { type: "void", doubt: refusedReversal, has_key: false }, "refused", null],
    ["what may have settled", { type: "void", is_voidable: false }, "refused", null]
  ] as const)("tells %s", ([, stands, answered, outcome]) =>
    Effect.gen(function* () {
      const denial = (at: number) => ({ ...attempt("reversal", at, "rejected"), response_code: "25" })
      const attempts = answered === "refused" ? [attempt("probe", 0, "declined")] : [denial(0), denial(60_000)]
      const asked = yield* sweepFor("1 millis", { history: () => history({ age: 61_000, ...stands, attempts }) })
      assert.deepStrictEqual(
        asked.resolved.map(([, settlement]) => settlement.status),
        outcome === null ? [] : [outcome]
      )
      assert.deepStrictEqual(asked.scheduled, outcome === null ? [null] : [])
    })
  )

  it.effect("lets no reversal begin after EPX has stopped listening", () =>
    Effect.gen(function* () {
      const { readings } = yield* sweepFor("1 millis", {
        history: (readings) => (readings === 0 ? history({ age: 109_000 }) : undefined),
        repo: { claimReversal: () => Effect.succeedSome({ ...claimed, left_ms: 1000 }) },
        send: (_, fence) =>
          Effect.sync(() => {
            assert.strictEqual(fence.left(), 1000)
            return lost
          })
      })
      // The assertion ran, or the history would not have been read again.
      assert.strictEqual(readings, 2)
    })
  )

  it.effect.each([
    ["reversal", history({ age: 75_000, attempts: [attempt("reversal", 30_000, "submitting")] })],
    ["probe", history({ type: "capture", age: 50_000, attempts: [attempt("probe", 0, "submitting")] })],
    ["look-up", history({ type: "refund", age: 7_200_000, lookups: 1, has_lookup: true })]
  ] as const)("leaves a %s to whoever has claimed it, and does not ask again and again", ([, stands]) =>
    Effect.gen(function* () {
      const claims = yield* Ref.make(0)
      const taken = () =>
        Effect.as(
          Ref.update(claims, (n) => n + 1),
          Option.none()
        )
      const asked = yield* sweepFor("10 seconds", {
        history: () => stands,
        repo: { claimReversal: taken, claimProbe: taken, claimLookUp: taken }
      })
      // Nor does it touch the time by which the other has claimed it.
      assert.deepStrictEqual(asked, { readings: 1, scheduled: [], resolved: [] })
      assert.strictEqual(yield* Ref.get(claims), 1)
    })
  )

  it.effect("does not ask for look-ups it has made a moment ago", () =>
    Effect.gen(function* () {
      const claims = yield* Ref.make(0)
      const secret = Redacted.make("secret")
      const asked = yield* sweepFor("10 seconds", {
        // Overdue after a long time without a process.
        history: (readings) =>
          history({ type: "refund", age: 7_200_000, lookups: Math.min(1, readings), has_lookup: true }),
        repo: {
          claimLookUp: () =>
            Effect.map(
              Ref.updateAndGet(claims, (n) => n + 1),
              (count) => (count === 1 ? Option.some({ environment: "test", key, pair, secret }) : Option.none())
            )
        }
      })
      assert.deepStrictEqual(asked, { readings: 2, scheduled: [], resolved: [] })
      assert.strictEqual(yield* Ref.get(claims), 2)
    })
  )

  it.effect("books what was found in EPX's listing", () =>
    Effect.gen(function* () {
      const { resolved } = yield* sweepFor("1 millis", {
        history: (readings) =>
          readings === 0
            ? history({
                type: "refund",
                age: 60_000,
                has_lookup: true,
                target_id: target.id,
                target_type: "sale",
                target_amount: amount
              })
            : undefined,
        repo: { claimLookUp: () => Effect.succeedSome({ environment: "test", key, pair, secret: bric }) },
        find: { _tag: "Found", row: { tranType: "CCEA", amount, bric, response: "00", isVoid: false } }
      })
      assert.lengthOf(resolved, 1)
      const [call, settlement, resolution] = resolved[0] ?? assert.fail("not resolved")
      assert.deepStrictEqual(call, {
        ...target,
        type: "refund",
        amount,
        target: { id: target.id, type: "sale", amount }
      })
      assert.deepStrictEqual([settlement.status, resolution], ["approved", { by: "lookup", doneBy: null }])
    })
  )

  it.effect("books a capture by the probe that carried it out, with its token", () =>
    Effect.gen(function* () {
      const probeId = TransactionIds.fromUuid("01a2042c-fd7c-766c-972a-9e5d917959a2")
      const { resolved } = yield* sweepFor("1 millis", {
        history: () =>
          history({
            type: "capture",
            age: 60_000,
            attempts: [attempt("probe", 0, "unknown"), { ...attempt("probe", 20_000, "approved"), id: probeId }]
          }),
        repo: { bricOf: (id) => Effect.succeed(id === probeId ? bric : null) }
      })
      const [, settlement, resolution] = resolved[0] ?? assert.fail("not resolved")
      assert.deepStrictEqual([settlement.status, settlement.answer?.bric], ["approved", bric])
      assert.deepStrictEqual(resolution, { by: "probe", doneBy: probeId })
    })
  )

  it.effect("gives up for good what nothing automatic can settle", () =>
    Effect.gen(function* () {
      const sent = yield* Ref.make(0)
      const asked = yield* sweepFor("10 seconds", {
        history: () => history({ type: "refund", age: 60_000 }),
        repo: { claimProbe: nothing, claimReversal: nothing },
        send: counted(sent, approved)
      })
      assert.deepStrictEqual(asked, { readings: 1, scheduled: [null], resolved: [] })
      assert.strictEqual(yield* Ref.get(sent), 0)
    })
  )
})
