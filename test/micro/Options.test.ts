import { assert, describe, it } from "@effect/vitest"
import { BadArguments, chosen, parseOptions } from "./Options.ts"

const parse = (...args: ReadonlyArray<string>) => {
  const options = parseOptions(args)
  assert(options !== "help")
  return options
}

describe("Options", () => {
  it("takes a time and a part of a name", () => {
    assert.deepStrictEqual(parse(), { only: "", milliseconds: 1_000 })
    assert.deepStrictEqual(parse("--only", "POST", "--seconds=0.5"), { only: "post", milliseconds: 500 })
    assert.strictEqual(parseOptions(["--help"]), "help")
  })

  it("chooses by name, whatever its case, and refuses a name that nothing has", () => {
    const all = [{ name: "decode a row" }, { name: "POST /v1/payments" }]
    assert.deepStrictEqual(chosen(all, parse()), all)
    assert.deepStrictEqual(chosen(all, parse("--only", "Post")), [{ name: "POST /v1/payments" }])
    assert.throws(() => chosen(all, parse("--only", "posts")), BadArguments)
  })

  it.each([["--seconds", "0"], ["--seconds", "61"], ["--seconds", "two"], ["--seconds", ""], ["--unknown"], ["stray"]])(
    "refuses %s %s",
    (...args) => {
      assert.throws(() => parseOptions(args), BadArguments)
    }
  )
})
