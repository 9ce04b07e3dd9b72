import { existsSync, globSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Option } from "effect"
import { loadSettings } from "../../src/Settings.ts"
import { findFault } from "../../src/simulator/faults/Selector.ts"
import { defaultProfile } from "../../src/simulator/Profile.ts"

const read = (path: string) => readFileSync(path, "utf8")

const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/*.md")]

const all = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, first = ""]) => first)

/** The text under a heading, up to the next one. */
const section = (text: string, heading: string) =>
  text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? ""

/** The words in code of the first column of its tables. */
const firstColumn = (text: string) => all(text, /^\| (`.+?) \|/gm).flatMap((cell) => all(cell, /`([^`]+)`/g))

describe("the table of variables", () => {
  const rows = new Map(
    Array.from(
      section(read("README.md"), "Configuration").matchAll(/^\| `(\w+)` \| (.+?) \|/gm),
      ([, name = "", cell = ""]) => [name, cell]
    )
  )
  const settings = Effect.map(
    Effect.provideService(loadSettings, ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({})),
    (values) => Object.entries(values).filter(([name]) => name === name.toUpperCase())
  )

  it.effect("has every variable and no other", () =>
    Effect.map(settings, (values) =>
      assert.deepStrictEqual(
        [...rows.keys()],
        values.map(([name]) => name)
      )
    )
  )

  it.effect("has their defaults", () =>
    Effect.map(settings, (values) => {
      for (const [name, value] of values) {
        if (Option.isOption(value) || name === "LOCAL_DIRECTORY") continue
        const shown = Duration.isDuration(value) ? `${Duration.toHours(value)} hours` : value
        assert.strictEqual(rows.get(name), `\`${shown}\``, name)
      }
    })
  )
})

describe("the operators' page", () => {
  it("has every metric and no other", () => {
    const named = all(read("src/telemetry/Metrics.ts"), /\(\s*"([a-z_]+)"/g)
    assert.sameMembers(firstColumn(section(read("docs/operations.md"), "Metrics")), named)
    assert.isAbove(named.length, 10)
  })
})

describe("the simulator's page", () => {
  const page = read("docs/simulator.md")

  it("has effects that exist", () => {
    const effects = firstColumn(section(page, "Faults")).filter(
      (name) => /^[A-Z0-9_]+$/.test(name) && !name.endsWith("_")
    )
    assert.isAbove(effects.length, 30)
    assert.deepStrictEqual(
      effects.filter((name) => findFault(name) === undefined),
      []
    )
  })

  it("has every switch and no other", () => {
    const named = all(section(page, "Switches"), /`([a-z0-9_]+)`/g)
    assert.sameMembers(named, Object.keys(defaultProfile))
  })

  it("has the control plane's routes and no other", () => {
    const source = read("src/simulator/ControlPlane.ts")
    const served = all(source, /^ +path: "([^"]*)"|\bpath: "([^"]*)"/gm)
    const paths = new Set(Array.from(source.matchAll(/\bpath: "([^"]*)"/g), ([, path]) => `/__sim${path}`))
    const named = all(section(page, "Routes of the control port"), /`(?:[A-Z]+ )?(\/__sim[^`?{]*)/g)
    assert.sameMembers([...new Set(named.map((path) => path.replace(/\/$/, "")))], [...paths])
    assert.isNotEmpty(served)
  })
})

describe.each(documents)("%s", (document) => {
  const text = read(document)
  const code = all(text, /`([^`\n]+)`/g)

  it("names paths that exist", () => {
    const paths = code
      .filter((name) => /^(?:src|test|docs|migrations|bin)\/|^[A-Z]+\.md$/.test(name))
      // Of a test its title may follow.
      .map((name) => name.split(" > ", 1)[0] ?? "")
    assert.deepStrictEqual(
      paths.filter((path) => !existsSync(path)),
      []
    )
  })

  it("names symbols that are exported there", () => {
    const named = Array.from(text.matchAll(/`(src\/[^`]+\.ts)`,? \(?`(\w+)`\)?/g), ([, path = "", symbol = ""]) => ({
      path,
      symbol
    }))
    const missing = named.filter(
      ({ path, symbol }) => !new RegExp(`^export (?:const|class|interface|type) ${symbol}\\b`, "m").test(read(path))
    )
    assert.deepStrictEqual(missing, [])
  })

  it("names scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json"))
    const named = all(text, /\bnpm run (?:--silent )?([a-z:]+)/g)
    assert.deepStrictEqual(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      []
    )
  })
})

describe("the page of optimizations", () => {
  const rows = Array.from(
    read("docs/optimizations.md").matchAll(/^\| ([^|`]+?) \| ([a-z ]+?) \| (.*?) \| (.*?) ?\|$/gm),
    ([, id = "", state = "", why = "", proof = ""]) => ({ id, state, why, proofs: all(proof, /`([^`]+)`/g) })
  ).filter(({ state }) => state !== "")

  it("has each item once, with a state and a reason", () => {
    assert.isAbove(rows.length, 300)
    const ids = rows.map(({ id }) => id)
    assert.deepStrictEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      []
    )
    for (const { id, state, why } of rows) {
      assert.include(["built", "otherwise", "not applicable", "open"], state, id)
      assert.isNotEmpty(why, id)
    }
  })

  it("names a test for whatever is built, and none that there is not", () => {
    for (const { id, proofs, state } of rows) {
      if (state === "built") assert.isNotEmpty(proofs, id)
      for (const proof of proofs.filter((each) => each.startsWith("test/"))) {
        const [path = "", title = ""] = proof.split(" > ")
        assert.include(read(path), title, id)
      }
    }
  })
})
