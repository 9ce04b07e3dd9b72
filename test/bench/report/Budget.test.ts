import { assert, describe, it } from "@effect/vitest"
import type { Summary } from "../Summary.ts"
import { hasMissedCount, judge } from "./Budget.ts"
import type { Report, TrialResults } from "./Report.ts"
import { sampleReport, sampleRun } from "./SampleReport.ts"

const judgementOf = (report: Report, name: string) => {
  const found = judge(report).find(({ figure }) => figure.name.includes(name))
  assert(found !== undefined, name)
  return found
}

const service = (change: Partial<Summary>) => sampleReport(({ contender }) => (contender === "service" ? change : {}))

const baseline = (change: Partial<Summary>, ofService: Partial<Summary> = {}) =>
  sampleReport(({ contender }) => (contender === "baseline" ? change : ofService))

const trials = (change: TrialResults): Report => {
  const report = sampleReport()
  return { ...report, trials: { ...report.trials, ...change } }
}

describe("Budget", () => {
  it("has every figure of the table, and all goals reached by a service that is good enough", () => {
    const judgements = judge(sampleReport())
    assert.lengthOf(judgements, 16)
    for (const { figure, verdict } of judgements) {
      const isShown = figure.must === undefined && figure.goal === undefined
      assert.strictEqual(verdict, isShown ? "shown" : "goal reached", figure.name)
    }
  })

  it("judges ratios however slow the machine", () => {
    const slow = sampleReport(({ contender }) => ({ rate: contender === "baseline" ? 100 : 81 }))
    assert.strictEqual(judgementOf(slow, "0 ms gateway").verdict, "kept")
    assert.strictEqual(judgementOf(slow, "GETs").verdict, "kept")
    const slower = sampleReport(({ contender }) => ({ rate: contender === "baseline" ? 100 : 79 }))
    assert.strictEqual(judgementOf(slower, "0 ms gateway").verdict, "MISSED")
  })

  it.each<[string, Partial<Summary>, Partial<Summary>, RegExp]>([
    ["own time at 100/s, p50", { ownP50: 2.6 }, { ownP50: 9 }, /baseline itself needs 2.6 ms, .* at most 2.5/],
    ["own time at 100/s, p99", { ownP99: 11 }, { ownP99: 50 }, /needs 11 ms/],
    ["kept up at 40 ms", { rate: 1_439 }, { ownP99: 90 }, /gives 1439\/s, and should give 1440/],
    ["RSS", { rate: 1_400 }, { resident: 900 }, /gives 1400\/s, and should give 1440/],
    [
      "CPU of the service for each sale, ms",
      { cpu: { contender: 0.61, postgres: 1, simulator: 1, load: 1 } },
      { cpu: { contender: 2, postgres: 1, simulator: 1, load: 1 } },
      /needs 0.61 ms, .* at most 0.6/
    ]
  ])("judges %s only where the baseline shows that the machine is free, and says so", (name, slow, bad, reason) => {
    const { because, verdict } = judgementOf(baseline(slow, bad), name)
    assert.strictEqual(verdict, "not judged")
    assert.match(because ?? "", reason)
    assert.strictEqual(judgementOf(service(bad), name).verdict, "MISSED")
  })

  it("takes the highest rate that was kept up without an error", () => {
    const at = (perSecond: number, change: Partial<Summary>) =>
      sampleReport(({ contender }, { arrivals }) =>
        contender === "service" && arrivals.kind === "open" && arrivals.perSecond === perSecond ? change : {}
      )
    assert.strictEqual(judgementOf(at(2_000, { errors: 1 }), "kept up").measured, 1_200)
    assert.strictEqual(judgementOf(at(2_000, { errors: 1 }), "kept up").verdict, "kept")
    assert.strictEqual(judgementOf(at(2_000, {}), "kept up").verdict, "goal reached")
    assert.strictEqual(judgementOf(service({ ownP99: 81 }), "kept up").measured, 0)
  })

  it("lets counts fail the run on any machine, and nothing else", () => {
    assert.isFalse(hasMissedCount(sampleReport()))
    assert.isTrue(hasMissedCount(baseline({ rate: 1 }, { statements: 4.1 })))
    assert.isTrue(hasMissedCount({ ...sampleReport(), commits: { forEachSale: { service: 2.1 }, wal: noWal } }))
    assert.isFalse(hasMissedCount({ ...sampleReport(), commits: { forEachSale: { service: 2.04 }, wal: noWal } }))
    assert.isFalse(hasMissedCount(service({ rate: 1, ownP50: 99, resident: 999 })))
  })

  it("looks for the most statements, where nothing went wrong", () => {
    const worse = sampleReport(({ contender }, { gatewayMillis }) =>
      contender === "service" && gatewayMillis === 350 ? { statements: 5 } : {}
    )
    assert.strictEqual(judgementOf(worse, "statements").measured, 5)
    const failed = sampleReport((_, { gatewayMillis }) => (gatewayMillis === 350 ? { statements: 5, errors: 1 } : {}))
    assert.strictEqual(judgementOf(failed, "statements").measured, 1.5)
  })

  it("does not judge what no valid run shows", () => {
    const none = sampleReport(() => ({ voidRuns: 5, rate: Number.NaN, ownP99: Number.NaN, statements: Number.NaN }))
    for (const name of ["0 ms gateway", "statements"]) {
      assert.include(judgementOf(none, name), { verdict: "not judged", because: "no valid run shows it" })
    }
    assert.strictEqual(judgementOf(none, "kept up").verdict, "not judged")
  })

  it("compares goodput under overload with the knee, unless one of the two is void", () => {
    const round = (rate: number, objections: ReadonlyArray<string> = []) =>
      trials({ overload: [{ knee: sampleRun(), asked: 3_000, overload: sampleRun({ objections, load: { rate } }) }] })
    assert.strictEqual(judgementOf(round(790), "goodput").verdict, "MISSED")
    assert.strictEqual(judgementOf(round(810), "goodput").verdict, "kept")
    assert.strictEqual(judgementOf(round(950, ["void"]), "goodput").verdict, "not judged")
    assert.include(judgementOf(round(950), "refusal p99"), { verdict: "not judged", because: "nothing was refused" })
  })

  it("judges what takes time outside of scenarios by the baseline too", () => {
    const start = { alone: [700], warm: [3_100], baseline: [300] }
    assert.strictEqual(judgementOf(trials({ start }), "warm data").verdict, "MISSED")
    assert.strictEqual(
      judgementOf(trials({ start: { ...start, baseline: [1_600] } }), "warm data").verdict,
      "not judged"
    )
    const refused = (contender: "baseline" | "service", p99: number) =>
      sampleRun({ contender, load: { refusals: { count: 9, latency: { p50: 1, p90: 1, p99, max: 9 } } } })
    const breaker = (ofBaseline: number) =>
      trials({ breakerRejection: [refused("baseline", ofBaseline), refused("service", 2.1)] })
    assert.strictEqual(judgementOf(breaker(0.9), "breaker").verdict, "MISSED")
    assert.strictEqual(judgementOf(breaker(1.1), "breaker").verdict, "not judged")
  })
})

const noWal = { counted: 0, position: 0 }
