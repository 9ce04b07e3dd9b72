import { assert, describe, it } from "@effect/vitest"
import { BadArguments, type Options, parseOptions } from "./Options.ts"

const parse = (...args: ReadonlyArray<string>): Options => {
  const options = parseOptions(args)
  assert(options !== "help")
  return options
}

/** Milliseconds in which nothing is measured: processes start and end, contenders warm up, commits are waited for. */
const overhead = 40_000

describe("Options", () => {
  it("keeps the quick form within ninety seconds", () => {
    const { rounds, measure, scenarios, contenders } = parse("--quick")
    const runs = rounds * scenarios.length * contenders.length
    assert.isAtMost(runs * (measure + 500) + overhead, 90_000)
  })

  it("pits the baseline against the service, without and with a gateway that takes its time", () => {
    for (const options of [parse("--quick"), parse()]) {
      assert.deepStrictEqual(options.contenders, ["baseline", "service"])
      assert.includeMembers(
        options.scenarios.map(({ gatewayMillis }) => gatewayMillis),
        [0, 40]
      )
    }
  })

  it("takes rounds, seconds, rate, concurrency and a contender", () => {
    const options = parse("--rounds", "2", "--seconds=4", "--rate", "50", "--in-flight", "8", "--only", "baseline")
    assert.strictEqual(options.rounds, 2)
    assert.strictEqual(options.measure, 4_000)
    assert.deepStrictEqual(options.contenders, ["baseline"])
    for (const { arrivals } of options.scenarios) {
      if (arrivals.kind === "open") assert.strictEqual(arrivals.perSecond, 50)
      else assert.strictEqual(arrivals.inFlight, 8)
    }
  })

  it.each([
    ["--rounds", "0"],
    ["--rounds", "51"],
    ["--rounds", "two"],
    ["--seconds", "1.5"],
    ["--seconds", ""],
    ["--rate", "-5"],
    ["--rate", "1e3"],
    ["--in-flight", "1001"],
    ["--only", "other"],
    ["--unknown"],
    ["stray"],
    ["--rounds"]
  ])("refuses %s %s", (...args) => {
    assert.throws(() => parseOptions(args), BadArguments)
  })
})
