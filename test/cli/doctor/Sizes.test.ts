import { assert, describe, it } from "@effect/vitest"
import { judgeSizes } from "../../../src/cli/doctor/Sizes.ts"

describe("the sizes of tables", () => {
  it("are fine up to a hundred gigabytes", () => {
    const findings = judgeSizes([
      { name: "events", bytes: 100e9 },
      { name: "audit_events", bytes: 1 }
    ])
    const found = "events has 100.0 GB, and nothing has grown so much that it should be partitioned."
    assert.deepStrictEqual(findings, [{ check: "sizes", status: "ok", found, advice: null }])
  })

  it("are told of each that is larger", () => {
    const findings = judgeSizes([
      { name: "events", bytes: 250e9 },
      { name: "ledger_entries", bytes: 101e9 },
      { name: "audit_events", bytes: 1 }
    ])
    assert.deepStrictEqual(
      findings.map(({ found, status }) => `${status}: ${found}`),
      ["warning: events has 250.0 GB.", "warning: ledger_entries has 101.0 GB."]
    )
  })

  it("of tables that are not there are no finding", () => {
    assert.deepStrictEqual(judgeSizes([]), [])
  })
})
