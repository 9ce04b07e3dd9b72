import { createHash } from "node:crypto"
import { globSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { codeRules } from "./support/TidyCode.ts"
import { importRules, isContract, mayImport, reachesBeyond, serverParts } from "./support/TidyImports.ts"
import { nameRules } from "./support/TidyNames.ts"
import {
  edited,
  looseDependencies,
  looseLocks,
  machinePaths,
  misnumbered,
  missingLocks,
  reminders
} from "./support/TidyProject.ts"
import { released } from "./support/TidyReleased.ts"
import { parseSample, violations } from "./support/TidyRule.ts"
import { parse } from "./support/TidySource.ts"

const read = (path: string) => readFileSync(path, "utf8")
const files = (...patterns: ReadonlyArray<string>) =>
  globSync(patterns)
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
const none = (found: ReadonlyArray<string>) => assert.strictEqual(found.join("\n"), "")

// What others made or what one run leaves behind is not ours to keep tidy.
const foreign: ReadonlySet<string> = new Set(["node_modules", ".git", ".local"])
const everyFile = (folder = "."): ReadonlyArray<string> =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (foreign.has(entry.name)) return []
    return entry.isDirectory() ? everyFile(path) : entry.isFile() ? [path] : []
  })

const src = files("src/**/*.{ts,js,mts,cts}").map((path) => parse(path, read(path)))
const tests = files("test/**/*.ts").map((path) => parse(path, read(path)))
const migrations = files("migrations/*").map((path) => path.slice("migrations/".length))

describe.each([...codeRules, ...nameRules, ...importRules])("$name", (rule) => {
  it("holds", () => {
    const concerned = rule.isForTests ? [...src, ...tests] : src
    none(concerned.flatMap((source) => violations(rule, source)))
  })

  it.each(rule.wrong)("finds %j", (sample) => {
    assert.isNotEmpty(violations(rule, parseSample(sample)))
  })

  it.each(rule.right)("passes %j", (sample) => {
    none(violations(rule, parseSample(sample)))
  })
})

describe("imports", () => {
  it("have a table without cycles", () => {
    const reaches = (from: string): ReadonlyArray<string> =>
      (mayImport[from] ?? []).flatMap((to) => [to, ...reaches(to)])
    none(Object.keys(mayImport).filter((folder) => reaches(folder).includes(folder)))
  })

  it("let a client load the contract without the server", () => {
    none(src.filter(({ path }) => isContract(path)).flatMap(({ path }) => serverParts(path, src)))
  })

  it("of the contract are followed to the end", () => {
    const found = serverParts("src/Api.ts", [
      parse("src/Api.ts", 'import { PaymentsApi } from "./payments/PaymentsApi.ts"\nimport "effect/http-api"'),
      parse("src/payments/PaymentsApi.ts", 'import { Id } from "../http/Id.ts"\nimport type { S } from "effect/sql"'),
      parse("src/http/Id.ts", 'import { randomBytes } from "node:crypto"')
    ])
    assert.deepStrictEqual(found, ["src/http/Id.ts: node:crypto"])
  })
})

describe.each(["Api", "Repo"] as const)("the parts of an %s", (kind) => {
  it("import no more than it may itself", () => {
    const wholes = src.map(({ path }) => path).filter((path) => path.endsWith(`${kind}.ts`) && !isContract(path))
    none(wholes.flatMap((path) => reachesBeyond(kind, path, src).map((found) => `${path} by ${found}`)))
  })

  it("are followed to the end", () => {
    const whole = `src/payments/Payments${kind}.ts`
    const found = reachesBeyond(kind, whole, [
      parse(whole, 'import { NewPayment } from "./NewPayment.ts"\nimport { Id } from "../domain/Id.ts"'),
      parse("src/payments/NewPayment.ts", 'import type { Answer } from "../epx/Result.ts"\nimport "./PaymentsHttp.ts"')
    ])
    assert.deepStrictEqual(found, [
      "src/payments/NewPayment.ts: src/epx/Result.ts",
      "src/payments/NewPayment.ts: src/payments/PaymentsHttp.ts"
    ])
  })
})

describe("dependencies", () => {
  it("are pinned", () => {
    none(looseDependencies(JSON.parse(read("package.json"))))
  })

  it("are found when they float", () => {
    const dependencies = { a: "^1.2.3", b: "~1.2.3", c: "1", d: "*", e: "latest", f: "1.2.3", g: "1.2.3-beta.4" }
    assert.deepStrictEqual(looseDependencies({ dependencies }), ["a@^1.2.3", "b@~1.2.3", "c@1", "d@*", "e@latest"])
    assert.deepStrictEqual(looseDependencies({ optionalDependencies: { a: ">=1.2.3" } }), ["a@>=1.2.3"])
  })

  it("are locked by hash, whatever registry serves them", () => {
    none(looseLocks(JSON.parse(read("package-lock.json"))))
  })

  it("are found when a lock names a host or has no hash", () => {
    const packages = {
      "": { name: "x" },
      a: { version: "1.0.0", integrity: "sha512-x" },
      b: { version: "1.0.0", integrity: "sha512-x", resolved: "https://registry.example/b.tgz" },
      c: { version: "1.0.0" }
    }
    assert.deepStrictEqual(looseLocks({ packages }), ["b", "c"])
  })
})

describe("the lock", () => {
  it("holds all that its packages need, on every platform", () => {
    none(missingLocks(JSON.parse(read("package-lock.json"))))
  })

  it("is found to lack something", () => {
    const packages = {
      "": { dependencies: { a: "1.0.0", gone: "1.0.0" } },
      "node_modules/a": {
        dependencies: { b: "1", c: "1" },
        optionalDependencies: { "@a/darwin": "1", "@a/linux": "1" }
      },
      "node_modules/a/node_modules/b": { dependencies: { a: "1", c: "1", d: "1" } },
      "node_modules/c": {},
      "node_modules/@a/linux": {}
    }
    assert.deepStrictEqual(missingLocks({ packages }), [
      ": gone",
      "node_modules/a: @a/darwin",
      "node_modules/a/node_modules/b: d"
    ])
  })
})

describe("migrations", () => {
  it("are one sequence", () => {
    none(misnumbered(migrations))
  })

  it("are found when one is misnamed, missing or doubled", () => {
    assert.deepStrictEqual(misnumbered(["0001_a.sql", "0002_a_b.unwrapped.sql"]), [])
    assert.deepStrictEqual(misnumbered(["0001_a.sql", "0003_b.sql"]), ["0003_b.sql: 0002 comes next"])
    assert.deepStrictEqual(misnumbered(["0001_a.sql", "0001_b.sql"]), ["0001_b.sql: 0002 comes next"])
    for (const name of ["1_a.sql", "0001-a.sql", "0001_A.sql", "0001_a.down.sql", "0001_a.ts"]) {
      assert.lengthOf(misnumbered([name]), 1, name)
    }
  })

  it("stay as they were released", () => {
    const hash = (file: string) =>
      createHash("sha256")
        .update(read(`migrations/${file}`))
        .digest("hex")
    none(edited(released, Object.fromEntries(migrations.map((file) => [file, hash(file)]))))
  })

  it("are found when a released one was changed or removed", () => {
    assert.deepStrictEqual(edited({ "0001_a.sql": "x", "0002_b.sql": "y" }, { "0001_a.sql": "z", "0003_c.sql": "q" }), [
      "0001_a.sql",
      "0002_b.sql"
    ])
    assert.deepStrictEqual(edited({ "0001_a.sql": "x" }, { "0001_a.sql": "x", "0002_b.sql": "y" }), [])
  })
})

describe("the repository", () => {
  const texts = everyFile().flatMap((path) => {
    const text = read(path)
    return text.includes("\0") ? [] : [{ path, text }]
  })

  it("names no path of one machine", () => {
    none(texts.flatMap(({ path, text }) => machinePaths(text).map((line) => `${path}: ${line}`)))
  })

  it("is found to name one", () => {
    for (const folder of ["work", "tmp/bash_jobs", "tmp/bash_jobs.0"])
      assert.lengthOf(machinePaths(`cd /${folder}/x`), 1)
    assert.deepStrictEqual(machinePaths("https://example.com/work/1\n./work/x\nhomework/x\n/tmp/x"), [])
  })

  it("has no reminders in SQL and shell", () => {
    const scripts = texts.filter(({ path }) => /\.sql$|\.sh$|^\.ci\//.test(path))
    none(scripts.flatMap(({ path, text }) => reminders(text).map((line) => `${path}: ${line}`)))
  })

  it("is found to have them", () => {
    assert.lengthOf(reminders("SELECT 1 -- TODO: more\n# FIXME\n"), 2)
    assert.deepStrictEqual(reminders("SELECT 'TODO' -- as shown\n# a hack"), [])
  })
})
