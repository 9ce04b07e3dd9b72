import { randomUUID } from "node:crypto"
import { Effect, Schema } from "effect"
import { visa } from "../process/Shop.ts"
import type { Counts } from "./Counts.ts"
import type { Dice } from "./Dice.ts"

const Body = Schema.Struct({ id: Schema.optionalKey(Schema.String), status: Schema.optionalKey(Schema.Unknown) })

/** Where clients go, and what they have been told. */
export interface Shop {
  readonly urls: readonly [string, string]
  readonly apiKey: string
  readonly answers: Counts
  readonly operations: Counts
  /** Payments that a client was told of in an answer without an error. */
  readonly told: Set<string>
}

interface Asked {
  readonly path: string
  readonly body: object
}

/** One request, repeated with its key and at either process while no answer comes, as a client is to do. */
const ask = (shop: Shop, { body, path }: Asked, dice: Dice, key: string = randomUUID()) =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < 5; attempt++) {
      const answer = yield* Effect.tryPromise(async (signal) => {
        const response = await fetch(`${dice.pick(shop.urls)}${path}`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${shop.apiKey}`,
            "content-type": "application/json",
            "idempotency-key": key
          },
          body: JSON.stringify(body),
          signal
        })
        return { status: response.status, body: Schema.decodeUnknownSync(Body)(await response.json()) }
      }).pipe(
        Effect.timeout("20 seconds"),
        Effect.orElseSucceed(() => undefined)
      )
      shop.answers.add(answer === undefined ? "no answer" : String(answer.status))
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) {
        const { id } = answer.body
        if (answer.status < 300 && id?.startsWith("pay_")) shop.told.add(id)
        return { ...answer, id }
      }
      yield* Effect.sleep(dice.between(200, 2_000))
    }
    return undefined
  })

const charge = (shop: Shop, dice: Dice, change: object = {}, key?: string) => {
  const body = { amount: dice.between(300, 9_000) * 10 + 1, currency: "USD", source: { bric: visa }, ...change }
  return ask(shop, { path: "/v1/payments", body }, dice, key)
}

/** Something done with a payment that was approved. */
const then = (shop: Shop, dice: Dice, change: object, route: string, body: (dice: Dice) => object) =>
  Effect.gen(function* () {
    const first = yield* charge(shop, dice, change)
    if (first?.id === undefined) return
    yield* Effect.sleep(dice.between(0, 3_000))
    yield* ask(shop, { path: `/v1/payments/${first.id}/${route}`, body: body(dice) }, dice)
  })

const nothing = () => ({})

const operations: Readonly<Record<string, (shop: Shop, dice: Dice) => Effect.Effect<unknown>>> = {
  sale: charge,
  "another sale": charge,
  "sale refused": (shop, dice) => charge(shop, dice, { amount: 120 }),
  authorization: (shop, dice) => charge(shop, dice, { capture: false }),
  "authorization, capture": (shop, dice) => then(shop, dice, { capture: false }, "capture", nothing),
  "authorization, part captured": (shop, dice) =>
    then(shop, dice, { capture: false }, "capture", () => ({ amount: 250 })),
  "authorization, capture, void": (shop, dice) =>
    Effect.gen(function* () {
      const first = yield* charge(shop, dice, { capture: false })
      if (first?.id === undefined) return
      for (const route of ["capture", "void"])
        yield* ask(shop, { path: `/v1/payments/${first.id}/${route}`, body: {} }, dice)
    }),
  "authorization, void": (shop, dice) => then(shop, dice, { capture: false }, "void", nothing),
  "sale, void": (shop, dice) => then(shop, dice, {}, "void", nothing),
  "sale, part refunded": (shop, dice) => then(shop, dice, {}, "refunds", () => ({ amount: 100 })),
  "sale, cancelled": (shop, dice) =>
    Effect.gen(function* () {
      const key = randomUUID()
      const sale = Effect.forkChild(charge(shop, dice, {}, key))
      yield* sale
      yield* Effect.sleep(dice.between(0, 1_000))
      yield* ask(shop, { path: "/v1/payments/cancel-by-key", body: { idempotency_key: key } }, dice)
    })
}

/** Operations begin at fixed times, whatever becomes of those before them; it goes on until it is interrupted. */
export const keepAsking = (shop: Shop, rate: number, dice: Dice) =>
  Effect.gen(function* () {
    const names = Object.keys(operations)
    const [first = "sale", ...others] = names
    const begun = Date.now()
    for (let n = 0; ; n++) {
      yield* Effect.sleep(Math.max(0, begun + (n * 1_000) / rate - Date.now()))
      const name = dice.pick([first, ...others])
      const operation = operations[name]
      if (operation === undefined) continue
      shop.operations.add(name)
      yield* Effect.forkScoped(operation(shop, dice.fork()))
    }
  })
