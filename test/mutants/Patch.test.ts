import { assert, describe, it } from "@effect/vitest"
import { applyPatch, BadMutant, parsePatch } from "./Patch.ts"

const patch = (...hunks: ReadonlyArray<string>) => ["--- a/src/a.ts", "+++ b/src/a.ts", ...hunks, ""].join("\n")
const hunk = "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d"
const patched = (text: string, ...hunks: ReadonlyArray<string>) =>
  applyPatch(parsePatch(patch(...hunks)), () => text).get("src/a.ts")

describe("a patch", () => {
  it("changes the lines it names", () => {
    assert.strictEqual(patched("a\nb\nc\nd\n", hunk), "a\nb\nC\nd\n")
  })

  it("finds its lines where they have moved to, the nearest first", () => {
    assert.strictEqual(patched("b\nc\nd\n1\n2\n3\n4\n5\nb\nc\nd\n", hunk), "b\nC\nd\n1\n2\n3\n4\n5\nb\nc\nd\n")
    assert.strictEqual(patched("0\n0\n0\na\nb\nc\nd\n", hunk), "0\n0\n0\na\nb\nC\nd\n")
  })

  it("may have several hunks, of which one moves the next", () => {
    const longer = "@@ -1 +1,2 @@\n-a\n+A\n+A"
    assert.strictEqual(patched("a\nb\nc\nd\nb\nc\nd\n", longer, hunk), "A\nA\nb\nC\nd\nb\nc\nd\n")
  })

  it.each([
    ["a\nb\nchanged\nd\n", /does not apply any more: src\/a.ts, line 2/],
    [undefined, /does not apply any more: there is no src\/a.ts/]
  ])("does not apply to what has changed: %j", (text, message) => {
    assert.throws(() => applyPatch(parsePatch(patch(hunk)), () => text), message)
  })

  it.each([
    ["", /no patch/],
    ["--- a/src/a.ts\n+++ b/src/b.ts\n", /the same path/],
    ["--- /dev/null\n+++ b/src/b.ts\n", /Expected "--- a/],
    [patch(), /changes nothing/],
    [patch("@@ -2,3 +2,3 @@\n b\n-c"), /not as many lines/],
    [patch(`${hunk}\nnonsense`), /Expected "--- a/]
  ])("is refused when it is none: %j", (text, message) => {
    assert.throws(() => parsePatch(text), message)
    assert.throws(() => parsePatch(text), BadMutant)
  })
})
