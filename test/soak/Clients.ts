import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import type { Pool } from "undici"
import type { Dice } from "../chaos/Dice.ts"
import type { Gateway } from "../chaos/Gateway.ts"
import { visa } from "../process/Shop.ts"
import { type Asked, ask, breakOff, leave, type Shop } from "./Shop.ts"

/** What one client does something with. */
interface Turn {
  readonly shop: Shop
  readonly gateway: Pick<Gateway, "fail">
  readonly pool: Pool
  readonly dice: Dice
}

const path = "/v1/payments"

/** Seldom the same twice. The last three digits are none of EPX's test table, which begins at 100. */
const amountOf = (dice: Dice) => dice.between(2, 9_000) * 1_000 + dice.between(1, 99)

const saleOf = (dice: Dice, change: object = {}) => ({
  amount: amountOf(dice),
  currency: "USD",
  source: { bric: visa },
  order_ref: randomUUID(),
  metadata: { cart: randomUUID() },
  ...change
})

const charge = ({ dice, pool, shop }: Turn, change: object = {}, asked: Partial<Asked> = {}) =>
  ask(shop, pool, { path, body: saleOf(dice, change), idempotencyKey: randomUUID(), ...asked })

/** Something done with a payment that was approved. */
const then = Effect.fnUntraced(function* (turn: Turn, change: object, route: string, body: object) {
  const first = yield* charge(turn, change)
  if (first?.id === undefined) return
  const asked = { path: `${path}/${first.id}/${route}`, body, idempotencyKey: randomUUID() }
  yield* ask(turn.shop, turn.pool, asked)
})

const readBack = Effect.fnUntraced(function* (turn: Turn) {
  const sold = yield* charge(turn)
  if (sold?.id !== undefined) yield* ask(turn.shop, turn.pool, { path: `${path}/${sold.id}` })
})

const missing = `${path}/pay_${"0".padEnd(26, "z")}`

const madeUpKey = () => `sk_test_${randomUUID().replaceAll("-", "").padEnd(43, "A")}`

/** What became of a request whose client went away, it learns by asking again. */
const goAway = Effect.fnUntraced(function* ({ dice, pool, shop }: Turn) {
  const asked = { path, body: saleOf(dice), idempotencyKey: randomUUID() }
  yield* leave(shop, pool, asked, dice.between(0, 30))
  return yield* ask(shop, pool, asked)
})

const stopReading = ({ dice, pool, shop }: Turn) => leave(shop, pool, { path: `${path}?limit=100` }, dice.between(0, 5))

/** EPX books a charge, and its answer never comes whole: the service has to undo it. */
const lost = (effect: string) => (turn: Turn) => {
  const amount = amountOf(turn.dice)
  const match = { TRAN_TYPE: "CCE1", AMOUNT: (amount / 100).toFixed(2) }
  return Effect.andThen(turn.gateway.fail({ effect, match }), charge(turn, { amount }))
}

interface Operation {
  readonly name: string
  /** Of a hundred. */
  readonly share: number
  readonly run: (turn: Turn) => Effect.Effect<unknown>
}

const operations: ReadonlyArray<Operation> = [
  { name: "sale", share: 22, run: charge },
  { name: "sale, connection closed", share: 2, run: (turn) => charge(turn, {}, { closes: true }) },
  { name: "sale declined", share: 10, run: (turn) => charge(turn, { amount: 120 }) },
  { name: "sale, void", share: 8, run: (turn) => then(turn, {}, "void", {}) },
  { name: "sale, refund", share: 8, run: (turn) => then(turn, {}, "refunds", { amount: 100 }) },
  { name: "authorization, capture", share: 10, run: (turn) => then(turn, { capture: false }, "capture", {}) },
  { name: "list read", share: 10, run: ({ pool, shop }) => ask(shop, pool, { path: `${path}?limit=10` }) },
  { name: "sale, read", share: 10, run: readBack },
  { name: "payment missing", share: 2, run: ({ pool, shop }) => ask(shop, pool, { path: missing }) },
  { name: "no JSON", share: 2, run: (turn) => charge(turn, {}, { body: '{"amount":' }) },
  { name: "key made up", share: 2, run: ({ pool, shop }) => ask(shop, pool, { path, apiKey: madeUpKey() }) },
  { name: "card number", share: 2, run: (turn) => charge(turn, { order_ref: "4111 1111 1111 1111" }) },
  { name: "answer lost", share: 2, run: lost("RESET_AFTER") },
  { name: "answer cut off", share: 1, run: lost("TRUNCATED") },
  { name: "client away", share: 5, run: goAway },
  { name: "list read, client away", share: 2, run: stopReading },
  { name: "request broken off", share: 2, run: ({ shop }) => breakOff(shop) }
]

/** One at random, by the shares. */
export const chosen = (dice: Dice): Operation | undefined => {
  let left = dice.between(1, 100)
  return operations.find(({ share }) => {
    left -= share
    return left <= 0
  })
}
