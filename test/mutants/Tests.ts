import { existsSync, readFileSync, rmSync } from "node:fs"
import { join, relative } from "node:path"
import { type Ending, runNode } from "./Child.ts"
import { endOf, type Finding } from "./Finding.ts"
import type { TestKiller } from "./Killer.ts"

/** What is needed of Vitest's JSON. */
interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: ReadonlyArray<{
      readonly ancestorTitles: ReadonlyArray<string>
      readonly title: string
      readonly status: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

export interface Place {
  /** A copy of the project. */
  readonly copy: string
  readonly limit_s: number
  readonly signal: AbortSignal
}

/** Runs tests of one project, all of them or only up to the first that fails. */
export const runTests = async (
  killers: ReadonlyArray<TestKiller>,
  { copy, limit_s, signal }: Place,
  isToBail: boolean
): Promise<Finding> => {
  const file = join(copy, "tests.json")
  rmSync(file, { force: true })
  const ending = await runNode(
    [
      join(copy, "node_modules/vitest/vitest.mjs"),
      "run",
      ...new Set(killers.map(({ project }) => `--project=${project}`)),
      "--reporter=json",
      `--outputFile.json=${file}`,
      // Which test kills must not depend on chance.
      "--sequence.shuffle=false",
      `--bail=${Number(isToBail)}`,
      ...filterOf(killers),
      ...new Set(killers.map(({ path }) => path))
    ],
    { cwd: copy, limit_s, signal }
  )
  if (ending.isTooLate) return { _tag: "Broken", why: `no end within ${limit_s} s\n${endOf(ending.output)}` }
  if (!existsSync(file)) return { _tag: "Broken", why: `no report of Vitest\n${endOf(ending.output)}` }
  return findingOf(JSON.parse(readFileSync(file, "utf8")), ending, copy)
}

const filterOf = (killers: ReadonlyArray<TestKiller>): ReadonlyArray<string> => {
  const names = killers.map(({ test }) => test)
  if (names.includes(null)) return []
  const patterns = names.map((name) => literal(name ?? ""))
  return [`--testNamePattern=^(?:${patterns.join("|")})(?: > |$)`]
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

export const findingOf = ({ testResults }: Report, { code, output }: Ending, copy: string): Finding => {
  const tests = testResults.flatMap(({ assertionResults, name }) =>
    assertionResults.map(({ ancestorTitles, failureMessages, status, title }) => ({
      status,
      isTimedOut: failureMessages.some((message) => /\bTest timed out in \d+ms/.test(message)),
      name: [relative(copy, name), ...ancestorTitles, title].join(" > ")
    }))
  )
  const failed = tests.find(({ status }) => status === "failed")
  if (failed !== undefined) return { _tag: "Killed", by: `${failed.isTimedOut ? "timed out in " : ""}${failed.name}` }
  const broken = testResults.find(({ status }) => status === "failed")
  if (broken !== undefined) {
    return { _tag: "Broken", why: `${relative(copy, broken.name)} did not run\n${endOf(broken.message ?? "")}` }
  }
  if (code !== 0) return { _tag: "Broken", why: `an error outside of all tests\n${endOf(output)}` }
  const passed = tests.filter(({ status }) => status === "passed").map(({ name }) => name)
  return passed.length === 0 ? { _tag: "Broken", why: "no test ran" } : { _tag: "Passed", tests: passed }
}
