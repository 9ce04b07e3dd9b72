import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { callLimits } from "../../src/epx/Operation.ts"
import { requestDeadline } from "../../src/http/RequestDeadline.ts"
import { statementTimeouts } from "../../src/postgres/Database.ts"
import * as Deadlines from "../../src/transactions/Deadlines.ts"

const millis = Duration.toMillis

describe("deadlines", () => {
  it("hold in their order", () => {
    const connect = 5_000
    const ordered = [
      millis(statementTimeouts.simple),
      connect,
      millis(Deadlines.fence),
      millis(Deadlines.softAnswer),
      millis(requestDeadline),
      callLimits.sale,
      millis(Deadlines.chargeLease),
      millis(Deadlines.followUpLease),
      millis(Deadlines.reversalWindow),
      millis(Deadlines.epxReversalWindow)
    ]
    assert.deepStrictEqual(
      ordered,
      Array.from(new Set(ordered)).toSorted((a, b) => a - b)
    )
  })

  it("name the limits the EPX client keeps", () => {
    assert.strictEqual(callLimits.sale, millis(Deadlines.chargeLimit))
    assert.strictEqual(callLimits.authorization, millis(Deadlines.chargeLimit))
    assert.strictEqual(callLimits.timeout_reversal, millis(Deadlines.reversalLimit))
    for (const operation of ["capture", "refund", "void", "reversal"] as const) {
      assert.strictEqual(callLimits[operation], millis(Deadlines.followUpLimit), operation)
    }
  })

  it("give no call to the resolver that could still be on the wire", () => {
    assert.isAtLeast(millis(Deadlines.chargeLease), millis(Deadlines.fence) + callLimits.sale + 5_000)
    assert.isAtLeast(millis(Deadlines.followUpLease), millis(Deadlines.fence) + callLimits.capture + 5_000)
  })

  it("let every void, its probe included, end before its batch closes", () => {
    assert.isAtLeast(millis(Deadlines.voidMargin), 2 * millis(Deadlines.followUpLease))
  })

  it("leave time for one more look at what is known before a request ends", () => {
    assert.isAtLeast(millis(requestDeadline), millis(Deadlines.softAnswer) + 2_000)
  })

  it("leave time for a confirmed reversal after a process was killed", () => {
    assert.isAtLeast(millis(Deadlines.reversalWindow), millis(Deadlines.chargeLease) + 60_000 + 2_000)
  })

  it("let shutdown wait for the longest call and its settle", () => {
    assert.isAtLeast(
      millis(Deadlines.drain),
      Math.max(...Object.values(callLimits)) + millis(statementTimeouts.complex)
    )
  })
})
