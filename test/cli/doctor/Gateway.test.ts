import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { judge } from "../../../src/cli/doctor/Gateway.ts"

const day_ms = 86_400_000

describe("a gateway", () => {
  it.each([
    [400, "ok", "epx.invalid answers with TLSv1.3; its certificate is trusted and holds for 400 days."],
    [14, "ok", "epx.invalid answers with TLSv1.3; its certificate is trusted and holds for 14 days."],
    [13, "warning", "epx.invalid answers with TLSv1.3, but its certificate ends in 13 days."]
  ] as const)("whose certificate holds for %i days is %s", (days, status, found) => {
    const tls = Option.some({ version: "TLSv1.3", validUntil_ms: (1_000 + days) * day_ms })
    const judged = judge("EPX_LIVE_URL", new URL("https://user:hunter2@epx.invalid/epx"), { tls }, 1_000 * day_ms)
    assert.deepInclude(judged, { status, found })
  })
})
