import { assert, describe, it } from "@effect/vitest"
import { canBecome, nextStatuses, TransactionStatus } from "../../src/domain/Transaction.ts"

const terminal = ["declined", "rejected", "failed", "reversed", "voided", "expired", "settled"] as const

describe("statuses of a transaction", () => {
  it("have edges for each, and no edge to itself", () => {
    assert.sameMembers(Object.keys(nextStatuses), [...TransactionStatus.literals])
    for (const status of TransactionStatus.literals) assert.isFalse(canBecome(status, status))
  })

  it.each(terminal)("%s is final", (status) => {
    for (const other of TransactionStatus.literals) assert.isFalse(canBecome(status, other))
  })

  it("never go back to being sent", () => {
    for (const status of TransactionStatus.literals) {
      assert.strictEqual(canBecome(status, "submitting"), status === "scheduled")
    }
  })

  it("leave the unknown for something definite only", () => {
    assert.sameMembers([...nextStatuses.unknown], ["approved", "declined", "rejected", "failed", "reversed"])
  })
})
