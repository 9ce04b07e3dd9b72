import { assert, describe, it } from "@effect/vitest"
import { entityTags } from "../../src/http/EntityTag.ts"

const tags = entityTags({ a: 1 })

describe("an entity tag", () => {
  it("is weak, and another for each version and for each way to show it", () => {
    assert.match(tags.of(7), /^W\/"[\w-]{8}-7"$/)
    assert.notStrictEqual(tags.of(7), tags.of(8))
    assert.notStrictEqual(tags.of(7), entityTags({ b: 1 }).of(7))
    assert.strictEqual(tags.of(7), entityTags({ a: 1 }).of(7))
  })

  it.each([
    [tags.of(7), true],
    [tags.of(7).replace("W/", ""), true],
    [`"x", ${tags.of(7)}`, true],
    [`${tags.of(6)},${tags.of(7)}`, true],
    ["*", true],
    [tags.of(70), false],
    [tags.of(6), false],
    [entityTags({ b: 1 }).of(7), false],
    [tags.of(7).replaceAll('"', ""), false],
    ["", false],
    ["7", false]
  ])("%s: %s", (header, expected) => assert.strictEqual(tags.isNamed(header, 7), expected))

  it.each([
    [tags.of(7), [7]],
    [tags.of(7).replace("W/", ""), [7]],
    [` ${tags.of(6)} ,"x", ${tags.of(17)}`, [6, 17]],
    [" * ", null],
    [entityTags({ b: 1 }).of(7), []],
    [tags.of(0), []],
    [tags.of(1e9), []],
    [tags.of(7).replaceAll('"', ""), []],
    ["", []],
    ["7", []]
  ])("%s as a condition: %j", (header, expected) => assert.deepStrictEqual(tags.named(header), expected))
})
