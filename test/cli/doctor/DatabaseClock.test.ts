import { assert, describe, it } from "@effect/vitest"
import { judgeClock } from "../../../src/cli/doctor/DatabaseClock.ts"

describe("the clock", () => {
  it.each([
    [12, 4, "ok", "This machine's is 12 ms behind the database's, give or take 2 ms."],
    [-12, 4, "ok", "This machine's is 12 ms ahead of the database's, give or take 2 ms."],
    [1_100, 400, "ok", "This machine's is 1100 ms behind the database's, give or take 200 ms."],
    [-1_100, 4, "warning", "This machine's is 1100 ms ahead of the database's, give or take 2 ms."],
    [61_000, 4, "failed", "This machine's is 61000 ms behind the database's, give or take 2 ms."]
  ] as const)("with %i ms between them, heard in %i, is %s", (ahead_ms, roundTrip_ms, status, found) => {
    assert.deepInclude(judgeClock({ ahead_ms, roundTrip_ms }), { status, found })
  })
})
