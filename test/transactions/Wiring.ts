import { DateTime, Effect, Layer, Option, Ref } from "effect"
import { SecureRandom } from "effect/crypto"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { Epx } from "../../src/epx/Epx.ts"
import type { Answer, EpxResult } from "../../src/epx/Result.ts"
import { Calls } from "../../src/transactions/Calls.ts"
import { Transactions } from "../../src/transactions/charges/Transactions.ts"
import { Resolver } from "../../src/transactions/doubts/Resolver.ts"
import { FollowUps } from "../../src/transactions/follow-ups/FollowUps.ts"
import { FollowUpsRepo } from "../../src/transactions/follow-ups/FollowUpsRepo.ts"
import { Intents } from "../../src/transactions/Intents.ts"
import { TransactionsRepo } from "../../src/transactions/TransactionsRepo.ts"
import { Upkeep } from "../../src/transactions/upkeep/Upkeep.ts"

export const uuid = "01a2042c-fd7c-766c-972a-9e5d917959a1"
export const now = DateTime.makeUnsafe("2026-11-22T12:00:00Z")
export const key = { cust_nbr: "7000", merch_nbr: "700010", dba_nbr: "1", terminal_nbr: "1" }
export const pair = { batch_id: "20261122", tran_nbr: 1 }
export const policy = { partial_approvals: false, reject_on_avs: false, reject_on_cvv: false }

export const answer: Answer = {
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
export const approved: EpxResult = { _tag: "Replied", outcome: "approved", answer }
export const notSent: EpxResult = { _tag: "NotSent", reason: "connect", detail: "refused" }
export const lost: EpxResult = { _tag: "InDoubt", reason: "no_answer", detail: "reset", answer: null }

export const away = new DatabaseUnavailable({ reason: "connection" })
export const nothing = () => Effect.succeed(Option.none())

/** What stands at the edge of the money path. What is not given dies when it is asked. */
export interface Edge {
  readonly repo?: Partial<TransactionsRepo["Service"]>
  readonly followUps?: Partial<FollowUpsRepo["Service"]>
  readonly send?: Epx["Service"]["send"]
  readonly isOpen?: boolean
  /** Told which of the background workers was woken. */
  readonly woken?: Ref.Ref<ReadonlyArray<"resolver" | "upkeep">>
}

/** The real money path over tables and a wire that behave as told. */
export const moneyPath = ({ followUps = {}, isOpen = false, repo = {}, send, woken }: Edge) => {
  const wake = (who: "resolver" | "upkeep") =>
    woken === undefined ? Effect.void : Ref.update(woken, (all) => [...all, who])
  return Layer.mergeAll(Transactions.layer, FollowUps.layer).pipe(
    Layer.provide(Intents.layer),
    Layer.provide(Calls.layer),
    Layer.provide([
      Layer.mock(TransactionsRepo)(repo),
      Layer.mock(FollowUpsRepo)(followUps),
      Layer.mock(Epx)({ isOpen: () => Effect.succeed(isOpen), ...(send === undefined ? {} : { send }) }),
      Layer.succeed(Resolver, Resolver.of({ wake: wake("resolver") })),
      Layer.succeed(Upkeep, Upkeep.of({ wake: wake("upkeep") })),
      SecureRandom.layerWebCrypto
    ])
  )
}

/** A wire that counts what is sent over it. */
export const counted = (sent: Ref.Ref<number>, result: Effect.Effect<EpxResult> | EpxResult) => () =>
  Effect.andThen(
    Ref.update(sent, (count) => count + 1),
    Effect.isEffect(result) ? result : Effect.succeed(result)
  )
