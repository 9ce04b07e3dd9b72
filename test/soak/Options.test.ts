import { assert, describe, it } from "@effect/vitest"
import { BadArguments, parseOptions } from "./Options.ts"

describe("Options", () => {
  it("takes minutes and a rate", () => {
    assert.deepStrictEqual(parseOptions([]), { minutes: 10, rate: 50 })
    assert.deepStrictEqual(parseOptions(["--minutes", "0.5", "--rate=20"]), { minutes: 0.5, rate: 20 })
    assert.strictEqual(parseOptions(["--help"]), "help")
  })

  it.each([["--minutes", "0"], ["--minutes", "ten"], ["--minutes", ""], ["--rate", "501"], ["--unknown"], ["stray"]])(
    "refuses %s %s",
    (...args) => {
      assert.throws(() => parseOptions(args), BadArguments)
    }
  )
})
