import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { judgeDescriptors, judgeMemory, judgeNode } from "../../../src/cli/doctor/Machine.ts"

describe("the machine", () => {
  it.each([
    ["24.21.0", "ok"],
    ["22.19.0", "warning"],
    ["26.0.0", "warning"],
    ["22.18.0", "failed"],
    ["20.20.2", "failed"]
  ])("with Node %s is %s", (version, status) => {
    assert.strictEqual(judgeNode(version).status, status)
  })

  it.each([
    [Option.some(Number.POSITIVE_INFINITY), "ok"],
    [Option.some(4_096), "ok"],
    [Option.some(4_095), "warning"],
    [Option.some(1_023), "failed"],
    [Option.none<number>(), "ok"]
  ])("that lets %j files be open is %s", (limit, status) => {
    assert.strictEqual(judgeDescriptors(limit).status, status)
  })

  const mib = 2 ** 20
  it.each([
    [24_000, 20_000, "ok"],
    [1_536, 1_200, "ok"],
    [24_000, 300, "warning"],
    [1_024, 900, "warning"],
    [256, 250, "failed"]
  ])("with %i MB of memory and %i free is %s", (limit, available, status) => {
    assert.strictEqual(judgeMemory(limit * mib, available * mib).status, status)
  })
})
