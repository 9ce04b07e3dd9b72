import { existsSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { cells, wordsOf } from "../matrix/Cells.ts"
import { parseMutant, readMutants } from "./Mutant.ts"
import { applyPatch } from "./Patch.ts"
import { reader } from "./Trial.ts"

const diff = "\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1 +1 @@\n-a\n+b\n"
const parse = (header: string, file = "a-b.patch") => parseMutant(file, `${header}\n${diff}`)

describe("a mutant", () => {
  it("says what it is and what is to kill it", () => {
    const { byHand, defect, killers, name } = parse(
      [
        "Defect: one thing,",
        "  and what it costs.",
        "Killed by: unit test/a/B.test.ts > suite > a > b",
        "Killed by: integration test/a/B.integration.test.ts",
        "Killed by: matrix void of sale / sent",
        "By hand: 2026-01-31, 90 s, by void of sale / sent / killed"
      ].join("\n")
    )
    assert.deepStrictEqual([name, defect], ["a-b", "one thing, and what it costs."])
    assert.deepStrictEqual(killers, [
      { kind: "test", project: "unit", path: "test/a/B.test.ts", test: "suite > a > b" },
      { kind: "test", project: "integration", path: "test/a/B.integration.test.ts", test: null },
      { kind: "matrix", words: ["void of sale", "sent"] }
    ])
    assert.strictEqual(byHand, "2026-01-31, 90 s, by void of sale / sent / killed")
  })

  const killed = "Killed by: unit test/B.test.ts"
  it.each([
    ["", /has lines of Defect, Killed by, By hand, not ""/],
    [killed, /one line Defect/],
    [`Defect: a\nDefect: b\n${killed}`, /one line Defect/],
    ["Defect: a", /at least one line Killed by/],
    [`Defect: a\n${killed}\nSpeed: 1`, /not "Speed: 1"/],
    [`Defect: a\n${killed}\nwhatever`, /not "whatever"/],
    ["Defect: a\nKilled by: unit src/B.ts", /not "unit src\/B.ts"/],
    ["Defect: a\nKilled by: unit test/B.integration.test.ts", /not "unit test\/B.integration.test.ts"/],
    ["Defect: a\nKilled by: everything test/B.test.ts", /not "everything/],
    [`Defect: a\n${killed}\nBy hand: lately`, /By hand stands once/]
  ])("is refused without a proper header: %j", (header, message) => {
    assert.throws(() => parse(header), message)
    assert.throws(() => parse(header), /^test\/mutants\/patches\/a-b.patch: /)
  })

  it("is refused without a patch or a proper name", () => {
    assert.throws(() => parseMutant("a.patch", `Defect: a\n${killed}\n`), /no patch behind the header/)
    assert.throws(() => parse(`Defect: a\n${killed}`, "A.patch"), /Name it/)
    assert.throws(() => parse(`Defect: a\n${killed}`, "a.diff"), /Name it/)
  })
})

describe.each(readMutants("."))("the mutant $name", ({ killers, patch }) => {
  it("applies to the project as it is", () => {
    assert.isNotEmpty([...applyPatch(patch, reader("."))])
  })

  it("is to be killed by what there is", () => {
    for (const killer of killers) {
      const exists =
        killer.kind === "matrix"
          ? cells.some((cell) => killer.words.every((word) => wordsOf(cell).includes(word)))
          : existsSync(killer.path)
      assert.isTrue(exists, JSON.stringify(killer))
    }
  })
})
