import { assert, describe, it } from "@effect/vitest"
import { AdmissionLimit } from "../../src/http/AdmissionLimit.ts"

const look = (limit: AdmissionLimit, late_ms: number, times: number) => {
  for (let n = 0; n < times; n++) limit.look(late_ms)
}

/** Lets in as many as it can, up to `most`, and says how many. */
const fill = (limit: AdmissionLimit, most: number): number => {
  let entered = 0
  while (entered < most && limit.enter()) entered++
  return entered
}

describe("AdmissionLimit", () => {
  it("lets any number in while the process keeps up", () => {
    const limit = new AdmissionLimit()
    for (let n = 0; n < 100; n++) {
      assert.strictEqual(fill(limit, 100), 100)
      look(limit, 25, 10)
    }
  })

  it("does nothing about a pause, also once it has let fewer in", () => {
    const limit = new AdmissionLimit()
    fill(limit, 1_000)
    look(limit, 500, 3)
    look(limit, 0, 1)
    look(limit, 500, 3)
    assert.isTrue(limit.enter())
    look(limit, 500, 1)
    assert.isFalse(limit.enter())
    look(limit, 500, 3)
    limit.leave()
    assert.isTrue(limit.enter())
  })

  it("lets nobody more in once it runs late for long", () => {
    const limit = new AdmissionLimit()
    fill(limit, 1_000)
    look(limit, 26, 4)
    assert.isFalse(limit.enter())
    limit.leave()
    assert.isTrue(limit.enter())
  })

  it("lets fewer in as long as it stays late, and never fewer than cannot be the reason", () => {
    const limit = new AdmissionLimit()
    fill(limit, 1_000)
    look(limit, 100, 8)
    for (let n = 0; n < 200; n++) limit.leave()
    assert.isFalse(limit.enter())
    limit.leave()
    assert.isTrue(limit.enter())
    look(limit, 100, 100)
    for (let n = 0; n < 544; n++) limit.leave()
    assert.isFalse(limit.enter(), "256 are under way")
    limit.leave()
    assert.isTrue(limit.enter())
  })

  it("lets fewer in the faster the later it is", () => {
    for (const [late_ms, most] of [
      [26, 950],
      [51, 800],
      [101, 500]
    ] as const) {
      const limit = new AdmissionLimit()
      fill(limit, 1_000)
      look(limit, late_ms, 8)
      for (let n = 0; n < 1_000; n++) limit.leave()
      assert.strictEqual(fill(limit, 1_000), most)
    }
  })

  it("lets more in step by step when it is late no more, and any number once there is room", () => {
    const limit = new AdmissionLimit()
    fill(limit, 1_000)
    look(limit, 100, 4)
    assert.isFalse(limit.enter())
    look(limit, 0, 1)
    assert.strictEqual(fill(limit, 1_000), 50)
    for (let n = 0; n < 600; n++) limit.leave()
    look(limit, 0, 1)
    assert.strictEqual(fill(limit, 5_000), 5_000)
  })

  it("does not restrict a few, however late the process runs", () => {
    const limit = new AdmissionLimit()
    look(limit, 10_000, 100)
    assert.strictEqual(fill(limit, 1_000), 256)
  })
})
