import { assert, describe, it } from "@effect/vitest"
import type { Finding } from "./Finding.ts"
import { findingOf } from "./Tests.ts"

const test = (title: string, status: string, ...failureMessages: ReadonlyArray<string>) => ({
  ancestorTitles: ["suite", "part"],
  title,
  status,
  failureMessages
})
const file = (status: string, ...assertionResults: ReadonlyArray<ReturnType<typeof test>>) => ({
  name: "/tmp/a b/0/test/a/B.test.ts",
  status,
  message: "SyntaxError: what\nis this",
  assertionResults
})
const found = (code: number, ...testResults: ReadonlyArray<ReturnType<typeof file>>) =>
  findingOf({ testResults }, { code, isTooLate: false, output: "the end" }, "/tmp/a b/0")

const killed = (by: string): Finding => ({ _tag: "Killed", by })
const broken = (why: string): Finding => ({ _tag: "Broken", why })

describe("a run of tests", () => {
  it("kills by the first test that fails", () => {
    const results = file("failed", test("x", "passed"), test("y", "failed", "AssertionError"), test("z", "failed"))
    assert.deepStrictEqual(found(1, results), killed("test/a/B.test.ts > suite > part > y"))
  })

  it("kills by a test that Vitest itself gave up", () => {
    const results = file("failed", test("x", "failed", "Error: Test timed out in 5000ms.\nIf this is"))
    assert.deepStrictEqual(found(1, results), killed("timed out in test/a/B.test.ts > suite > part > x"))
  })

  it("passes, and says which tests did", () => {
    assert.deepStrictEqual(found(0, file("passed", test("x", "passed"), test("y", "skipped"))), {
      _tag: "Passed",
      tests: ["test/a/B.test.ts > suite > part > x"]
    })
  })

  it("proves nothing where no test came to fail", () => {
    assert.deepStrictEqual(found(0, file("passed", test("x", "skipped"))), broken("no test ran"))
    const unloaded = broken("test/a/B.test.ts did not run\nSyntaxError: what\nis this")
    assert.deepStrictEqual(found(1, file("failed")), unloaded)
    assert.deepStrictEqual(found(1, file("failed", test("x", "skipped"))), unloaded)
    assert.deepStrictEqual(
      found(1, file("passed", test("x", "passed"))),
      broken("an error outside of all tests\nthe end")
    )
  })
})
