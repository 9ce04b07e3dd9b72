import { assert, describe, it } from "@effect/vitest"
import { canBecome, nextStatuses, TransactionStatus } from "../../src/domain/Transaction.ts"

// Written out once more, so that no edge can come or go unseen.
const edges: ReadonlyArray<string> = [
  // A refund falls due, or is given up before it is sent.
  "scheduled → submitting",
  "scheduled → voided",
  // One of which nothing was sent waits again.
  "submitting → scheduled",
  "submitting → approved",
  "submitting → declined",
  "submitting → rejected",
  "submitting → failed",
  "submitting → unknown",
  "unknown → approved",
  "unknown → declined",
  "unknown → rejected",
  "unknown → failed",
  "unknown → reversed",
  "unknown → scheduled",
  "approved → voided",
  "approved → expired",
  "approved → settled"
]

const final = ["declined", "rejected", "failed", "reversed", "voided", "expired", "settled"] as const

describe("statuses of a transaction", () => {
  it("take these edges and no others", () => {
    const all = TransactionStatus.literals.flatMap((from) =>
      TransactionStatus.literals.filter((to) => canBecome(from, to)).map((to) => `${from} → ${to}`)
    )
    assert.deepStrictEqual(all.toSorted(), edges.toSorted())
  })

  it("have each edge once, and a place each", () => {
    assert.sameMembers(Object.keys(nextStatuses), [...TransactionStatus.literals])
    for (const next of Object.values(nextStatuses)) assert.lengthOf(next, new Set(next).size)
  })

  it.each(final)("%s is final", (status) => {
    assert.isEmpty(nextStatuses[status])
  })

  it("lead from the first to each of them", () => {
    const reached = new Set<TransactionStatus>(["submitting"])
    for (const status of reached) for (const next of nextStatuses[status]) reached.add(next)
    assert.sameMembers(Array.from(reached), [...TransactionStatus.literals])
  })

  it("never go back to being sent, unless nothing was", () => {
    for (const status of TransactionStatus.literals) {
      assert.strictEqual(canBecome(status, "submitting"), status === "scheduled")
      assert.strictEqual(canBecome(status, "scheduled"), status === "submitting" || status === "unknown")
    }
  })

  it("leave the unknown for something definite only, or to wait where nothing was sent", () => {
    for (const status of nextStatuses.unknown) assert.isEmpty(nextStatuses[status].filter((it) => it === "unknown"))
    assert.notInclude(nextStatuses.unknown, "submitting")
  })
})
