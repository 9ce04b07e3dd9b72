import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { text } from "node:stream/consumers"
import { afterEach, assert, beforeEach, describe, it } from "vitest"

const source = "export const sum = async (a: number, b: number) => a + b\nexport const half = (a: number) => a / 2\n"

const header = (defect: string) => `Defect: ${defect}\nKilled by: unit test/sum.test.ts > sum\n\n`
const patch = (line: string) =>
  `--- a/src/sum.ts\n+++ b/src/sum.ts\n@@ -1 +1 @@\n-${source.split("\n")[0]}\n+export const sum = ${line}\n`

const files = {
  "package.json": '{ "type": "module" }',
  "vitest.config.ts":
    'export default { test: { projects: [{ test: { name: "unit", include: ["test/*.test.ts"], testTimeout: 500 } }] } }',
  "src/sum.ts": source,
  "test/sum.test.ts": `import { expect, it, describe } from "vitest"
import { sum } from "../src/sum.ts"
describe("sum", () => { it("adds", async () => { expect(await sum(1, 2)).toBe(3) }) })`,
  "test/mutants/patches/asleep.patch": header("It never ends.") + patch("() => new Promise(() => {})"),
  "test/mutants/patches/broken.patch": header("It is no program.") + patch("async ("),
  "test/mutants/patches/less.patch": header("It takes away.") + patch("async (a: number, b: number) => a - b"),
  "test/mutants/patches/odd.patch":
    header("It adds in another order.") + patch("async (a: number, b: number) => b + a"),
  "test/mutants/patches/slow.patch": `${header("It takes long.").trimEnd()}\nBy hand: 2026-01-31, by adds\n${patch("1")}`
}

const place = { project: "", temporary: "" }

const write = (path: string, content: string) => {
  mkdirSync(dirname(join(place.project, path)), { recursive: true })
  writeFileSync(join(place.project, path), content)
}

beforeEach(() => {
  place.project = mkdtempSync(join(tmpdir(), "a project "))
  place.temporary = mkdtempSync(join(tmpdir(), "its copies "))
  cpSync("test/mutants", join(place.project, "test/mutants"), {
    recursive: true,
    filter: (path) => !/\.patch$|\.test\.ts$/.test(path)
  })
  cpSync("bin", join(place.project, "bin"), { recursive: true })
  symlinkSync(resolve("node_modules"), join(place.project, "node_modules"))
  for (const [path, content] of Object.entries(files)) write(path, content)
})

afterEach(() => {
  for (const directory of Object.values(place)) rmSync(directory, { recursive: true, force: true })
})

const start = (...args: ReadonlyArray<string>): ChildProcess & { readonly output: Promise<string> } => {
  const child = spawn(process.execPath, ["--import", "./bin/node-version.mjs", "test/mutants/main.ts", ...args], {
    cwd: place.project,
    env: { PATH: process.env.PATH, TMPDIR: place.temporary },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((parts) => parts.join("\n"))
  return Object.assign(child, { output })
}

const run = async (...args: ReadonlyArray<string>) => {
  const child = start(...args)
  const [code] = await once(child, "close")
  assert.deepStrictEqual(readdirSync(place.temporary), [], "nothing is left")
  assert.strictEqual(readFileSync(join(place.project, "src/sum.ts"), "utf8"), source)
  return { code, output: await child.output }
}

const limit_ms = 60_000

describe("npm run mutants", () => {
  it("tells what was killed, and by which test, from what was not", { timeout: limit_ms }, async () => {
    const { code, output } = await run()
    assert.strictEqual(code, 1, output)
    const name = "test/sum.test.ts > sum > adds"
    assert.include(output, `| less | It takes away. | ${name} |`)
    assert.include(output, `| asleep | It never ends. | timed out in ${name} |`)
    assert.include(output, "| odd | It adds in another order. | SURVIVED |")
    assert.match(output, /BROKEN broken, .*: test\/sum.test.ts did not run/)
    assert.include(output, "not run: slow (last on 2026-01-31, by adds)")
    assert.include(output, "5 mutants: 2 killed, 1 survived, 1 broken, 1 not run")
  })

  it("is content with what is named and killed", { timeout: limit_ms }, async () => {
    const { code, output } = await run("less", "--lanes", "1")
    assert.strictEqual(code, 0, output)
    assert.include(output, "5 mutants: 1 killed, 0 survived, 4 not run")
  })

  it("proves nothing while the tests fail without a defect", { timeout: limit_ms }, async () => {
    write("test/sum.test.ts", files["test/sum.test.ts"].replace("toBe(3)", "toBe(4)"))
    const { code, output } = await run("less")
    assert.strictEqual(code, 1, output)
    assert.include(output, "Without any defect the tests must pass, and they do not:\ntest/sum.test.ts > sum > adds")
  })

  it("names what it does not know, or cannot apply", { timeout: limit_ms }, async () => {
    const unknown = await run("more")
    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.output, 'There is no mutant "more", only asleep, broken, less, odd, slow')
    write("test/mutants/patches/odd.patch", files["test/mutants/patches/odd.patch"].replace("-export", "-exported"))
    const { code, output } = await run("odd")
    assert.strictEqual(code, 1)
    assert.match(output, /BROKEN odd, .*: The patch does not apply any more: src\/sum.ts, line 1/)
  })

  it("leaves nothing behind when it is told to stop", { timeout: limit_ms }, async () => {
    const child = start("asleep")
    while (readdirSync(place.temporary).length === 0) await new Promise((resume) => setTimeout(resume, 20))
    child.kill("SIGTERM")
    const [code] = await once(child, "close")
    assert.strictEqual(code, 143, await child.output)
    assert.deepStrictEqual(readdirSync(place.temporary), [])
  })
})
