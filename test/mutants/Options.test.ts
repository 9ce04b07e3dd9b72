import { assert, describe, it } from "@effect/vitest"
import type { Mutant } from "./Mutant.ts"
import { BadArguments, parseOptions } from "./Options.ts"

const mutant = (name: string, byHand: string | null = null): Mutant => ({
  name,
  defect: "",
  killers: [],
  byHand,
  patch: { files: [] }
})
const mutants = [mutant("a"), mutant("b", "2026-01-31, by c"), mutant("c")]
const chosen = (...args: ReadonlyArray<string>) => {
  const options = parseOptions(args, mutants)
  return options === "help" ? options : options.chosen.map(({ name }) => name)
}

describe("the arguments", () => {
  it("choose what is quick, all, or what is named", () => {
    assert.deepStrictEqual(chosen(), ["a", "c"])
    assert.deepStrictEqual(chosen("--all"), ["a", "b", "c"])
    assert.deepStrictEqual(chosen("--list"), ["a", "b", "c"])
    assert.deepStrictEqual(chosen("b", "--lanes", "8"), ["b"])
    assert.deepStrictEqual(chosen("--list", "c"), ["c"])
    assert.strictEqual(chosen("--help"), "help")
  })

  it.each([
    [["d"], /There is no mutant "d", only a, b, c/],
    [["--all", "a"], /not both/],
    [["--lanes", "0"], /from 1 to 8, not "0"/],
    [["--lanes", "two"], /from 1 to 8/],
    [["--lines"], /lines/]
  ])("are refused when they are wrong: %j", (args, message) => {
    assert.throws(() => chosen(...args), message)
    assert.throws(() => chosen(...args), BadArguments)
  })
})
