import { assert, describe, it } from "@effect/vitest"
import { BadArguments, type Options, parseOptions } from "./Options.ts"
import { scenariosOf } from "./Programme.ts"

const parse = (...args: ReadonlyArray<string>): Options => {
  const options = parseOptions(args)
  assert(options !== "help")
  return options
}

/** Milliseconds in which nothing is measured: processes start and end, contenders warm up, commits are waited for. */
const overhead = 40_000

describe("Options", () => {
  it("keeps the quick form within ninety seconds", () => {
    const { rounds, measure, programme, contenders } = parse("--quick")
    const runs = rounds * scenariosOf(programme).length * contenders.length
    assert.isEmpty(programme.trials)
    assert.isAtMost(runs * (measure + 500) + overhead, 90_000)
  })

  it("pits the baseline against the service, without and with a gateway that takes its time", () => {
    for (const options of [parse("--quick"), parse()]) {
      assert.deepStrictEqual(options.contenders, ["baseline", "service"])
      assert.includeMembers(
        scenariosOf(options.programme).map(({ gatewayMillis }) => gatewayMillis),
        [0, 40]
      )
    }
  })

  it("takes rounds, seconds, rate, concurrency and a contender", () => {
    const options = parse("--rounds", "2", "--seconds=4", "--rate", "50", "--in-flight", "8", "--only", "baseline")
    assert.strictEqual(options.rounds, 2)
    assert.strictEqual(options.measure, 4_000)
    assert.deepStrictEqual(options.contenders, ["baseline"])
    for (const { arrivals } of scenariosOf(options.programme)) {
      if (arrivals.kind === "open") assert.strictEqual(arrivals.perSecond, 50)
      else assert.include([8, 16], arrivals.inFlight)
    }
  })

  it("sets several processes of the service against one", () => {
    const { contenders, processes, programme } = parse("--processes", "3", "--quick")
    assert.deepStrictEqual(contenders, ["service", "services"])
    assert.strictEqual(processes, 3)
    assert.isEmpty(programme.trials)
  })

  it("plays what has a text in its name, and says what there is when nothing has", () => {
    const { programme } = parse("--match", "TLS with")
    assert.deepStrictEqual(scenariosOf(programme), parse().programme.tls)
    assert.deepStrictEqual(parse("--match", "Overload").programme.trials, ["overload"])
    assert.throws(() => parse("--match", "nothing like it"), /There is:.*sale, 40 ms.*breaker rejection/s)
  })

  it.each([
    ["--rounds", "0"],
    ["--rounds", "51"],
    ["--rounds", "two"],
    ["--seconds", "1.5"],
    ["--seconds", ""],
    ["--rate", "-5"],
    ["--rate", "1e3"],
    ["--in-flight", "501"],
    ["--processes", "1"],
    ["--processes", "9"],
    ["--only", "other"],
    ["--unknown"],
    ["stray"],
    ["--processes", "2", "--only", "service"],
    ["--rounds"]
  ])("refuses %s %s", (...args) => {
    assert.throws(() => parseOptions(args), BadArguments)
  })
})
