// Whether each test that docs/optimizations.md names as a proof has run and passed, by the report of the run.
import { readFileSync } from "node:fs"
import { relative } from "node:path"

const { testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"))
const page = readFileSync("docs/optimizations.md", "utf8")

const passed = new Map(
  testResults.map(({ assertionResults, name }) => [
    relative(process.cwd(), name),
    assertionResults.filter(({ status }) => status === "passed").map(({ title }) => title)
  ])
)

// Where a title stands for several cases, the report has it filled in.
const patternOf = (title) =>
  new RegExp(
    `^${title
      .split(/%[sjdo#]|\$\{[^}]+\}|\$\w+/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
    "s"
  )

// The slow project and the matrix have runs of their own.
const proofs = [...new Set(Array.from(page.matchAll(/`(test\/[^ `]+\.test\.ts > [^`]+)`/g), ([, proof]) => proof))].filter(
  (proof) => !proof.includes(".slow.test.ts")
)
const missing = proofs.filter((proof) => {
  const [path, title] = proof.split(" > ")
  return !(passed.get(path) ?? []).some((name) => patternOf(title).test(name))
})
for (const proof of missing) console.log(`Not among what passed: ${proof}`)
console.log(`${proofs.length - missing.length} of ${proofs.length} proofs of docs/optimizations.md have run and passed`)
process.exitCode = missing.length === 0 ? 0 : 1
