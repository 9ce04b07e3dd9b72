import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Redacted, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { Amount } from "../../src/domain/Money.ts"
import { Epx } from "../../src/epx/Epx.ts"
import { makeFence } from "../../src/epx/Fence.ts"
import type { CardRequest, EpxRequest } from "../../src/epx/Request.ts"
import type { EpxResult } from "../../src/epx/Result.ts"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { cardRequests, envelope, timeoutReversal } from "./Examples.ts"

type Sale = CardRequest & { readonly operation: "sale" }

const layer = Layer.unwrap(
  Effect.map(Simulator, ({ tls, url }) =>
    Epx.layer({
      urls: { test: url, ...(tls === undefined ? {} : { live: tls.url }) },
      keepAlive: false,
      allowPlain: true,
      ca: tls?.authority
    })
  )
).pipe(Layer.provideMerge(Simulator.layer({ port: 0, controlPort: 0, tlsPort: 0 })))

const withBoth = <A, E>(test: Effect.Effect<A, E, Epx | Simulator | Scope.Scope>) => Effect.provide(test, layer)

const bric = Effect.map(Simulator, ({ brics }) => Redacted.make(brics.visa))

const saleOf = (minor: number) =>
  Effect.map(bric, (visa): Sale => ({ ...cardRequests.CCE1, amount: Amount.make(minor), bric: visa }))

const turn = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))

const seen = Effect.flatMap(Simulator, (simulator) => Effect.map(simulator.requests(), ({ length }) => length))

/** Makes a call, and lets 30 seconds pass should EPX stay silent. */
const send = (request: EpxRequest): Effect.Effect<EpxResult, never, Epx | Simulator> =>
  Effect.gen(function* () {
    const before = yield* seen
    const epx = yield* Epx
    const fence = yield* makeFence((yield* Clock.currentTimeMillis) + 10_000)
    const fiber = yield* Effect.forkChild(epx.send(request, fence))
    while ((yield* seen) === before && fiber.pollUnsafe() === undefined) {
      yield* turn
      yield* TestClock.adjust("20 millis")
    }
    for (let turns = 0; turns < 50 && fiber.pollUnsafe() === undefined; turns++) yield* turn
    yield* TestClock.adjust("30 seconds")
    return yield* Fiber.join(fiber)
  })

const summary = (result: EpxResult): string =>
  result._tag === "Replied" ? result.outcome : `${result._tag} ${result.reason}`

const booked = Effect.flatMap(Simulator, (simulator) => Effect.map(simulator.ledger(), ([ledger]) => ledger?.net ?? 0))

describe("against the simulator", () => {
  it.effect("approves, reverses and declines with every brand", () =>
    withBoth(
      Effect.gen(function* () {
        const { brics } = yield* Simulator
        for (const [index, brand] of (["visa", "mastercard", "discover", "amex"] as const).entries()) {
          const request = { ...(yield* saleOf(1200)), bric: Redacted.make(brics[brand]) }
          const pair = { ...envelope.pair, tran_nbr: 10 * index + 1 }
          const result = yield* send({ ...request, pair })
          assert.strictEqual(summary(result), "approved")
          const answer = result._tag === "Replied" ? result.answer : undefined
          assert.deepInclude(answer, { responseCode: "00", amountApproved: 1200 })
          assert.strictEqual(answer?.card.brand, brand)
          assert.match(answer?.card.last4 ?? "", /^\d{4}$/)
          assert.isNotNull(answer?.bric)
          assert.strictEqual(yield* booked, 1200)
          const reversal = { ...envelope, method: { kind: "card" }, bric: answer?.bric ?? request.bric } as const
          const undone = { ...reversal, operation: "reversal", pair: { ...pair, tran_nbr: pair.tran_nbr + 1 } } as const
          assert.strictEqual(summary(yield* send(undone)), "approved")
          assert.strictEqual(yield* booked, 0)
        }
      })
    )
  )

  it.effect("declines by amount", () =>
    withBoth(
      Effect.gen(function* () {
        const result = yield* send(yield* saleOf(3120))
        assert.strictEqual(summary(result), "declined")
        assert.deepInclude("decline" in result ? result.decline : {}, { code: "51", category: "soft", retryable: true })
      })
    )
  )

  it.effect("lowers an authorization, and speaks TLS", () =>
    withBoth(
      Effect.gen(function* () {
        const method = { kind: "card" } as const
        const live = { ...envelope, environment: "live", method } as const
        const amount = Amount.make(5000)
        const held = yield* send({ ...live, operation: "authorization", amount, bric: yield* bric })
        assert.strictEqual(summary(held), "approved")
        const token = (held._tag === "Replied" ? held.answer.bric : null) ?? (yield* bric)
        const pair = { ...envelope.pair, tran_nbr: 2 }
        const lowered = yield* send({ ...live, operation: "reversal", remaining: Amount.make(3000), bric: token, pair })
        assert.deepInclude(lowered._tag === "Replied" ? lowered.answer : {}, { amountApproved: 3000 })
      })
    )
  )

  it.effect("approves in part where the profile allows it", () =>
    withBoth(
      Effect.gen(function* () {
        const simulator = yield* Simulator
        yield* simulator.patchProfile({ partial_approvals: true })
        const result = yield* send(yield* saleOf(159))
        assert.deepInclude(result._tag === "Replied" ? result.answer : {}, { responseCode: "10", amountApproved: 80 })
      })
    )
  )

  it.effect("finds nothing to reverse where nothing was", () =>
    withBoth(
      Effect.gen(function* () {
        const result = yield* send(timeoutReversal)
        assert.deepInclude(result._tag === "Replied" ? result.answer : {}, { responseCode: "25" })
        assert.strictEqual(summary(result), "rejected")
      })
    )
  )

  it.effect("doubts the refusal of a pair used before", () =>
    withBoth(
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const sale = yield* saleOf(1200)
        for (const dup_mode of ["strict", "per_type", "94"] as const) {
          yield* simulator.reset()
          yield* simulator.patchProfile({ dup_mode })
          assert.strictEqual(summary(yield* send(sale)), "approved")
          const doubt = dup_mode === "94" ? "InDoubt undecided_code" : "InDoubt duplicate"
          assert.strictEqual(summary(yield* send(sale)), doubt, dup_mode)
        }
      })
    )
  )
})

/** What the client makes of each fault of a sale, and whether EPX has charged by then. */
const faults: ReadonlyArray<readonly [effect: string, told: string, charged: boolean]> = [
  ["RESET_BEFORE", "InDoubt no_answer", false],
  ["RESET_AFTER", "InDoubt no_answer", true],
  ["TIMEOUT_BEFORE", "InDoubt no_answer", false],
  ["TIMEOUT_AFTER", "InDoubt no_answer", true],
  ["HEADERS_ONLY", "InDoubt no_answer", true],
  ["DRIP", "InDoubt no_answer", true],
  ["TRUNCATED", "InDoubt unreadable", true],
  ["EMPTY_200", "InDoubt unreadable", true],
  ["HTML_200_BEFORE", "InDoubt unreadable", false],
  ["HTML_200_AFTER", "InDoubt unreadable", true],
  ["HTML_502_BEFORE", "InDoubt unreadable", false],
  ["HTML_502_AFTER", "InDoubt unreadable", true],
  ["HTTP_500_BEFORE", "InDoubt unreadable", false],
  ["HTTP_500_AFTER", "InDoubt unreadable", true],
  ["HTTP_503_BEFORE", "InDoubt unreadable", false],
  ["HTTP_503_AFTER", "InDoubt unreadable", true],
  ["HTTP_429_BEFORE", "InDoubt unreadable", false],
  ["HTTP_504_AFTER", "InDoubt unreadable", true],
  ["REDIRECT_301", "InDoubt unreadable", false],
  ["HUGE", "InDoubt unreadable", true],
  ["GZIP", "InDoubt unreadable", true],
  ["XXE", "InDoubt unreadable", true],
  ["BILLION_LAUGHS", "InDoubt unreadable", true],
  ["DUP_KEY", "InDoubt unreadable", true],
  ["MISSING_AUTH_RESP", "InDoubt unreadable", true],
  ["MISSING_BATCH_ID", "InDoubt mismatch", true],
  ["MISSING_TRAN_NBR", "InDoubt mismatch", true],
  ["SWAPPED", "InDoubt mismatch", true],
  ["WRONG_AMOUNT", "InDoubt amount_differs", true],
  ["UNKNOWN_CODE", "InDoubt unlisted_code", false],
  ["CODE_94", "InDoubt undecided_code", false],
  ["CODE_E9", "InDoubt undecided_code", false],
  ["CODE_11", "InDoubt undecided_code", true],
  ["CODE_51", "declined", false],
  ["CODE_E7", "rejected", false],
  ["RR_FIELD_AMOUNT", "rejected", false],
  ["FOLD_05", "declined", false],
  ["AUTHCODE_ON_DECLINE", "declined", false],
  ["MISSING_AUTH_GUID", "approved", true],
  ["NO_NTID", "approved", true],
  ["NO_PAR", "approved", true],
  ["AMOUNT_4DP", "approved", true],
  ["WRONG_CTYPE", "approved", true],
  ["BOM", "approved", true],
  ["LATIN1", "approved", true],
  ["DECLARATION", "approved", true],
  ["CRLF", "approved", true],
  ["INDENT", "approved", true],
  ["SHUFFLE", "approved", true],
  ["EXTRA", "approved", true]
]

describe("a fault of EPX", () => {
  it.effect.each(faults)("%s is %s", ([effect, told, charged]) =>
    withBoth(
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const sale = yield* saleOf(1200)
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect })
        const result = yield* send(sale)
        assert.strictEqual(summary(result), told)
        assert.strictEqual(yield* booked, charged ? 1200 : 0)
        assert.lengthOf(yield* simulator.requests(), 1)
        if (result._tag !== "InDoubt") return
        const reversal = yield* send({ ...timeoutReversal, pair: sale.pair })
        assert.strictEqual(summary(reversal), charged ? "approved" : "rejected")
        assert.strictEqual(yield* booked, 0)
      })
    )
  )

  it.effect("CONN_REFUSED sends nothing, and one that does not last is outlasted", () =>
    withBoth(
      Effect.gen(function* () {
        const simulator = yield* Simulator
        yield* simulator.scenarios.add({ effect: "CONN_REFUSED" })
        assert.strictEqual(summary(yield* send(yield* saleOf(1200))), "NotSent connect")
        assert.lengthOf(yield* simulator.requests(), 0)
        yield* simulator.scenarios.clear()
        yield* simulator.scenarios.add({ effect: "CONN_REFUSED_500" })
        assert.strictEqual(summary(yield* send(yield* saleOf(1200))), "approved")
        assert.lengthOf(yield* simulator.requests(), 1)
        assert.strictEqual(yield* booked, 1200)
      })
    )
  )

  it.effect.each(["TLS_BAD_CERT", "TLS_EXPIRED", "TLS_WRONG_HOST"])("%s sends nothing", (effect) =>
    withBoth(
      Effect.gen(function* () {
        const simulator = yield* Simulator
        yield* simulator.scenarios.add({ effect, times: "always" })
        assert.strictEqual(summary(yield* send({ ...(yield* saleOf(1200)), environment: "live" })), "NotSent connect")
        assert.lengthOf(yield* simulator.requests(), 0)
      })
    )
  )
})
