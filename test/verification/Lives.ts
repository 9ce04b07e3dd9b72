import { assert } from "@effect/vitest"
import type { Books } from "../../src/verification/Books.ts"
import type { GatewayBooks } from "../../src/verification/GatewayBooks.ts"
import { type Ending, Life } from "./Life.ts"

const endings: ReadonlyArray<Ending> = [
  "approved",
  "approved",
  "approved",
  "declined",
  "rejected",
  "not_sent",
  "lost_done",
  "lost_undone"
]

/** Everything that may happen to a payment next. */
const movesOf = (life: Life): ReadonlyArray<(choice: number) => void> => {
  const { payment, transactions } = life
  const own = transactions.filter(({ probe_of, type }) => probe_of === null && type !== "reversal")
  const left = (row: (typeof own)[number]) => row.amount - row.refunded - row.pending_refund
  const moves: Array<(choice: number) => void> = []
  for (const row of own) {
    const isCharge = row.type === "sale" || row.type === "capture"
    const isClosing = payment.pending_void
    if (row.status === "submitting")
      moves.push((choice) => life.end(row, endings[choice % endings.length] ?? "approved"))
    if (row.status === "unknown") moves.push(() => life.resolve(row))
    if (row.status === "scheduled") {
      const target = transactions.find(({ id }) => id === row.target_id)
      if (target?.status === "settled") moves.push(() => life.start(row))
      moves.push(() => life.unschedule(row))
    }
    if (row.status === "approved" && row.type !== "authorization" && row.type !== "void" && !isClosing) {
      moves.push(() => life.close(row))
    }
    if (isCharge && (row.status === "approved" || row.status === "settled") && !isClosing && left(row) > 0) {
      moves.push((choice) => life.claim("refund", choice % 2 === 0 ? left(row) : Math.ceil(left(row) / 3), row))
    }
    const isIdle = payment.calls === 0 && payment.doubts === 0 && !isClosing
    const isWhole = row.refunded + row.pending_refund === 0 && (row.type !== "authorization" || payment.captured === 0)
    if (row.status === "approved" && row.type !== "void" && isIdle && isWhole) {
      moves.push(() => life.claim("void", row.amount, row))
    }
    if (row.type !== "authorization" || payment.capturable === 0) continue
    moves.push((choice) =>
      life.claim("capture", choice % 2 === 0 ? payment.capturable : Math.ceil(payment.capturable / 2), row)
    )
    if (isIdle) moves.push(() => life.expire())
  }
  return moves
}

/** Books and gateway of payments that lived as the choices say. */
export const livesOf = (choices: ReadonlyArray<ReadonlyArray<number>>) =>
  choices.map(([kind = 0, ...rest]) => {
    const life = new Life(kind % 3 === 0 ? "sale" : "authorization", 300 + kind, kind % 3 === 2)
    for (const choice of rest) {
      const moves = movesOf(life)
      if (moves.length > 0) moves[choice % moves.length]?.(Math.floor(choice / moves.length))
    }
    return life
  })

export const booksOf = (lives: ReadonlyArray<Life>): Books => ({
  payments: lives.map(({ book }) => book),
  tombstones: []
})

export const gatewayOf = (lives: ReadonlyArray<Life>): GatewayBooks => ({
  transactions: lives.flatMap(({ gateway }) => gateway),
  requests: lives.flatMap(({ requests }) => requests)
})

/** A payment that lived through all of it: captured, given back in part, settled. */
export const wholeLife = () => {
  const life = new Life("authorization", 1999)
  life.end(life.first, "approved")
  const capture = life.claim("capture", 1500, life.first)
  life.end(capture, "lost_done")
  life.resolve(capture)
  life.close(capture)
  const refund = life.claim("refund", 400, capture)
  life.end(refund, "approved")
  assert.strictEqual(life.payment.status, "partially_refunded")
  return { life, capture, refund }
}
