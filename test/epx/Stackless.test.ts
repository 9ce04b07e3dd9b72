import { assert, describe, it } from "@effect/vitest"
import { stackless } from "../../src/epx/Stackless.ts"

const frames = () => new Error("here").stack?.split("\n").length ?? 0

describe("errors", () => {
  it("have no stack for the rest of the turn, and then have one again", async () => {
    const usual = Error.stackTraceLimit
    assert.isAbove(frames(), 1)
    stackless()
    stackless()
    assert.strictEqual(frames(), 1)
    await Promise.resolve()
    assert.isAbove(frames(), 1)
    assert.strictEqual(Error.stackTraceLimit, usual)
  })
})
