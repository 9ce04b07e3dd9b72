import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { sampledShare } from "./Service.ts"

describe("Service", () => {
  it("traces as much as production does by default", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
    const [, share] = /^\| `OTEL_TRACES_SAMPLER_ARG` \| .*in production `([\d.]+)`/m.exec(readme) ?? []
    assert.strictEqual(Number(share), sampledShare)
  })
})
