import { Cause, Effect, Exit, Option, Redacted } from "effect"
import type { PaymentId, TransactionId } from "../../src/domain/Ids.ts"
import { Amount } from "../../src/domain/Money.ts"
import type { TransactionStatus } from "../../src/domain/Transaction.ts"
import type { NewPayment } from "../../src/payments/NewPayment.ts"
import type { Payments } from "../../src/payments/Payments.ts"
import { testBrics } from "../../src/simulator/Cards.ts"
import type { Done } from "../../src/transactions/Intents.ts"
import type { Fleet, Told } from "./Fleet.ts"
import type { Seed } from "./Seed.ts"
import type { Shop } from "./Shop.ts"

/** What a client was told under one of its keys. */
export interface Answer {
  readonly key: string
  readonly operation: string
  readonly at: number
  /** The tag of an error. */
  readonly error: string | null
  readonly paymentId: PaymentId | null
  readonly transactionId: TransactionId | null
  readonly status: TransactionStatus | null
  readonly isDecided: boolean
}

/** What the clients of a scenario have in common. */
export interface Clients {
  readonly fleet: Fleet
  readonly answers: Array<Answer>
  /** Keys under which a request was never answered. */
  readonly unanswered: Set<string>
  readonly operations: Map<string, number>
  /** Answers that no contract allows. */
  readonly defects: Array<string>
  /** How odd they are, 0 to 1. */
  readonly oddity: number
  readonly now: () => number
}

type Answered = Answer | null

const later = (seed: Seed, first: number, last: number) => Effect.sleep(seed.between(first, last))

/** The whole life of one payment, as a client of some habits leads it. */
export const story = Effect.fnUntraced(function* (clients: Clients, shop: Shop, seed: Seed, number: number) {
  const key = `payment ${number}`
  const { oddity } = clients
  const asked = newPayment(seed, oddity)
  const create = ask(clients, seed, key, "create", (payments) => payments.create(shop.charger, asked, key))
  const cancel = canceling(clients, shop, seed, key)
  if (seed.chance(oddity * 0.1)) yield* persist(seed, cancel)
  // Whoever asks twice at once waits, and that costs more statements than the payment itself.
  const isTwice = seed.chance(oddity * 0.2)
  if (isTwice) yield* Effect.forkDetach(Effect.andThen(later(seed, 0, 800), create))
  if (seed.chance(oddity * 0.2)) yield* Effect.forkDetach(Effect.andThen(later(seed, 0, 40_000), persist(seed, cancel)))
  if (seed.chance(oddity * 0.1)) {
    const other = { ...asked, amount: Amount.make(asked.amount + 1) }
    yield* Effect.forkDetach(
      Effect.andThen(
        later(seed, 0, 800),
        ask(clients, seed, key, "create another", (payments) => payments.create(shop.charger, other, key))
      )
    )
  }
  const created = yield* persist(seed, create)
  const id = created?.paymentId
  if (id === null || id === undefined) return
  const deeds = seed.chance(0.7) ? 0 : seed.between(1, 3)
  for (let deed = 0; deed < deeds; deed++) {
    yield* later(seed, 0, seed.chance(0.2) ? 60_000 : 2_000)
    const act = follow(clients, shop, seed, { id, key: `${key}/${deed}`, asked, isFirst: deed === 0 })
    // Sometimes several at a time, of which one must wait or be refused.
    if (seed.chance(oddity * 0.3)) yield* Effect.forkDetach(act)
    else yield* act
    if (seed.chance(oddity * 0.1)) yield* create
  }
  if (seed.chance(oddity * 0.2)) yield* persist(seed, cancel)
})

/** A sale that a patient client asks for once, and again only if nobody has charged it. */
export const sale = (clients: Clients, shop: Shop, number: number) => {
  const seed = clients.fleet.world.seed.fork(`sale ${number}`)
  const key = `sale ${number}`
  const asked: NewPayment = { ...newPayment(seed, 0), capture: true }
  return persist(
    seed,
    ask({ ...clients, oddity: 0 }, seed, key, "create", (payments) => payments.create(shop.charger, asked, key))
  )
}

const canceling = (clients: Clients, { charger }: Shop, seed: Seed, key: string) =>
  ask(clients, seed, key, "cancel", (payments) =>
    Effect.map(payments.cancel(charger, key), ({ isDecided, payment }) => ({ payment, transaction: null, isDecided }))
  )

const follow = (
  clients: Clients,
  shop: Shop,
  seed: Seed,
  { asked, id, isFirst, key }: { id: PaymentId; key: string; asked: NewPayment; isFirst: boolean }
): Effect.Effect<unknown> => {
  const { charger } = shop
  const part = () => Amount.make(seed.between(1, asked.amount))
  const some = seed.chance(0.5) ? {} : { amount: part() }
  const after = seed.chance(0.12) ? later(seed, 12 * 3_600_000, 40 * 3_600_000) : Effect.void
  const isCapture = !asked.capture && (isFirst ? seed.chance(0.8) : seed.chance(0.2))
  const name = isCapture ? "capture" : seed.chance(0.3) ? "void" : "refund"
  const again = seed.chance(clients.oddity * 0.3)
  const once = { idempotencyKey: key, versions: null }
  const made = ask(clients, seed, key, name, (payments) => {
    switch (name) {
      case "capture":
        return payments.capture(charger, id, some, once)
      case "void":
        return payments.void(charger, id, {}, once)
      case "refund":
        return payments.refund(
          charger,
          id,
          { ...some, reason: "requested_by_customer", prefer_void: number(id) % 2 === 0 },
          once
        )
    }
  })
  const cancel = canceling(clients, shop, seed, key)
  const isCanceled = seed.chance(clients.oddity * 0.15)
  return after.pipe(
    Effect.andThen(again ? Effect.forkDetach(Effect.andThen(later(seed, 0, 500), made)) : Effect.void),
    Effect.andThen(persist(seed, made)),
    Effect.andThen(isCanceled ? persist(seed, cancel) : Effect.void)
  )
}

const number = (id: PaymentId): number => id.charCodeAt(id.length - 1)

const newPayment = (seed: Seed, oddity: number): NewPayment => {
  const isTrigger = seed.chance(oddity * 0.2)
  const isMistake = seed.chance(oddity * 0.1)
  return {
    // The last three digits of an amount from 100 to 199 make the issuer answer as they say.
    amount: Amount.make(
      isTrigger
        ? seed.between(1, 20) * 1_000 + seed.between(100, 199)
        : seed.between(1, 20) * 1_000 + seed.between(200, 999)
    ),
    currency: "USD",
    capture: seed.chance(0.65),
    source: { bric: Redacted.make(seed.pick(brics)) },
    billing_address: {},
    allow_duplicate: false,
    customer_id: null,
    customer_ip: null,
    order_ref: isMistake ? "the same" : null,
    metadata: {}
  }
}

const brics = [testBrics.visa, testBrics.mastercard, testBrics.discover, testBrics.amex] as const

interface Reply {
  readonly payment: Done["payment"] | null
  readonly transaction: Done["transaction"] | null
  readonly isDecided: boolean
}

/** One request; null when nobody said anything. */
const ask = <E extends { readonly _tag: string }>(
  { answers, defects, fleet, now, oddity, operations, unanswered }: Clients,
  seed: Seed,
  key: string,
  operation: string,
  request: (payments: Payments["Service"]) => Effect.Effect<Reply, E>
): Effect.Effect<Answered> =>
  Effect.suspend(() => {
    operations.set(operation, (operations.get(operation) ?? 0) + 1)
    // The edge gives up after 15 seconds.
    const patience = seed.chance(oddity * 0.3) ? seed.between(0, 5_000) : 15_000
    return Effect.map(fleet.ask(request, patience), (told) => {
      const answer = answerOf(told, { key, operation, at: now() }, defects)
      if (answer === null) unanswered.add(key)
      else answers.push(answer)
      return answer
    })
  })

const answerOf = <E extends { readonly _tag: string }>(
  told: Told<Reply, E>,
  asked: Pick<Answer, "key" | "operation" | "at">,
  defects: Array<string>
): Answered => {
  if (told._tag === "Nothing") return null
  const none = { paymentId: null, transactionId: null, status: null, isDecided: false }
  if (Exit.isFailure(told.exit)) {
    const error = Option.getOrUndefined(Exit.findErrorOption(told.exit))
    if (error !== undefined) return { ...asked, ...none, error: error._tag }
    // Whoever shuts down interrupts what it has not begun.
    if (!Cause.hasInterruptsOnly(told.exit.cause)) defects.push(`${asked.operation}: ${Cause.pretty(told.exit.cause)}`)
    return null
  }
  const { isDecided, payment, transaction } = told.exit.value
  return {
    ...asked,
    error: null,
    paymentId: payment?.id ?? null,
    transactionId: transaction?.id ?? null,
    status: transaction?.status ?? null,
    isDecided
  }
}

/** Asks again, under the same key, while it is worth it: that is what the key is for. */
const persist = Effect.fnUntraced(function* (seed: Seed, request: Effect.Effect<Answered>) {
  let answer: Answered = null
  for (let attempt = 0; attempt < 8; attempt++) {
    answer = yield* request
    if (answer !== null && (answer.error === null || !mayPass.has(answer.error))) return answer
    if (answer?.error === "PaymentBusy" && attempt === 2) return answer
    yield* later(seed, 100, 4_000)
  }
  return answer
})

const mayPass: ReadonlySet<string> = new Set(["DatabaseUnavailable", "GatewayUnavailable", "PaymentBusy"])
