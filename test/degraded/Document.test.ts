import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { modes } from "./Modes.ts"

it("the operators' page has every degraded mode and no other", () => {
  const rows = readFileSync("docs/operations.md", "utf8")
    .split("\n")
    .filter((line) => /^\| .* \| \d\d\d \w+ \| \d\d\d/.test(line))
  assert.deepStrictEqual(
    rows,
    modes.map(({ afterwards, name, read, ready, sale }) => `| ${name} | ${sale} | ${read} | ${ready} | ${afterwards} |`)
  )
})
