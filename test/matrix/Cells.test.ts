import { assert, describe, it } from "@effect/vitest"
import { boundaries, callTypes } from "../../src/transactions/Boundary.ts"
import { blows, cells, faults, nameOf } from "./Cells.ts"
import { BadArguments, parseOptions } from "./Options.ts"
import { wavesOf } from "./Wave.ts"

describe("the cells of the matrix", () => {
  it("are every kind of call at every boundary under every blow with every fault", () => {
    const found = new Set(
      cells.map(({ blow, boundary, fault, operation }) => [operation.type, boundary, blow, fault].join(" "))
    )
    const expected = callTypes.flatMap((type) =>
      boundaries.flatMap((boundary) =>
        blows.flatMap((blow) => Object.keys(faults).map((fault) => [type, boundary, blow, fault].join(" ")))
      )
    )
    assert.deepStrictEqual(found, new Set(expected))
  })

  it("have names of their own", () => {
    assert.strictEqual(new Set(cells.map(nameOf)).size, cells.length)
  })

  it("are each in one wave, with others under the same blow", () => {
    const waves = wavesOf(cells, 150)
    assert.strictEqual(
      waves.reduce((sum, wave) => sum + wave.cells.length, 0),
      cells.length
    )
    for (const { blow, cells } of waves) {
      assert.isAtMost(cells.length, 150)
      assert.deepStrictEqual(new Set(cells.map((cell) => cell.blow)), new Set([blow]))
    }
  })

  it("are chosen by words", () => {
    const options = parseOptions(["--only", "void of sale", "--only", "paused"])
    if (options === "help") return assert.fail()
    assert.isNotEmpty(options.cells)
    for (const { blow, operation } of options.cells) assert.deepStrictEqual([blow, operation.type], ["paused", "void"])
    assert.throws(() => parseOptions(["--only", "nothing like it"]), BadArguments)
    assert.throws(() => parseOptions(["--size", "0"]), BadArguments)
  })
})
