import { assert, describe, it } from "@effect/vitest"
import { markdown } from "./Markdown.ts"
import { sampleReport, sampleRun } from "./SampleReport.ts"

const bars = (line: string) => line.split("|").length

describe("Markdown", () => {
  it("has tables whose rows have as many cells as their heads", () => {
    const lines = markdown(sampleReport(), []).split("\n")
    const tables = lines.flatMap((line, n) => (line.startsWith("| -") || line.startsWith("|--") ? [n] : []))
    assert.lengthOf(tables, 7)
    for (const rule of tables) {
      const rows = lines.slice(rule + 1, lines.indexOf("", rule) === -1 ? undefined : lines.indexOf("", rule))
      assert.isNotEmpty(rows)
      for (const row of [lines[rule - 1] ?? "", ...rows]) {
        assert.strictEqual(bars(row), bars(lines[rule] ?? ""))
        assert.lengthOf(row, (lines[rule] ?? "").length)
      }
    }
  })

  it("keeps all but tables within their columns", () => {
    const runs = [sampleRun({ objections: ["a reason of many words ".repeat(20)] })]
    const lines = markdown({ ...sampleReport(), runs }, [sampleReport()]).split("\n")
    for (const line of lines.filter((one) => !one.startsWith("|"))) assert.isAtMost(line.length, 120, line)
    assert.match(lines.join("\n"), /^- service, sale: a reason .*\n {2}\S/m)
  })

  it("shows what was played over TLS beside the same over plain HTTP", () => {
    const text = markdown(sampleReport(), [])
    assert.match(text, /0 ms gateway, 64 in flight, plain(.*\n){3}\| sale, 0 ms gateway, 64 in flight, TLS/)
  })

  it("says of each sale whether its gateway spoke TLS", () => {
    const sales = markdown(sampleReport(), [])
      .split("\n")
      .filter((line) => line.startsWith("| sale, "))
    assert.isNotEmpty(sales)
    for (const line of sales) assert.match(line, /plain HTTP with close|TLS with close, as EPX itself/)
  })

  it("says why a figure is not judged, and why a run is void", () => {
    const report = sampleReport(({ contender }) => (contender === "baseline" ? { ownP50: 4 } : {}))
    const runs = [sampleRun({ objections: ["a cent is missing"] })]
    const text = markdown({ ...report, runs }, [])
    assert.match(text, /not judged: the baseline itself needs 4 ms/)
    assert.match(text, /VOID:\*\*\n\n- service, sale: a cent is missing/)
    assert.notInclude(text, "agree to the cent")
  })

  it("objects to a service that traces less than production does, or more", () => {
    const traced = (sales: number) => markdown({ ...sampleReport(), traces: { requests: 1, bytes: 1, sales } }, [])
    assert.match(traced(1_000), /Traces of 10.0 % of the service's sales arrived.*agree to the cent/s)
    for (const sales of [0, 100, 3_000]) {
      const share = (sales / 100).toFixed(1)
      assert.include(traced(sales), `all of the service: traces of ${share} % of the sales arrived, not of 10 %`)
    }
  })
})
