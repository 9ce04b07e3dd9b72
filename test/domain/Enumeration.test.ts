import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema, SchemaAST, SchemaIssue } from "effect"

const domain = new URL("../../src/domain/", import.meta.url)

const wordsOf = ({ ast }: Schema.Top): ReadonlyArray<unknown> =>
  SchemaAST.isUnion(ast) && ast.types.every((type) => SchemaAST.isLiteral(type))
    ? ast.types.map(({ literal }) => literal)
    : []

const enumerations = (
  await Promise.all(
    readdirSync(domain).map(async (file) => Object.entries<unknown>(await import(new URL(file, domain).href)))
  )
).flatMap((exported) =>
  exported.flatMap(([name, schema]) =>
    // cast: words are decoded by themselves, without any services
    Schema.isSchema(schema) && wordsOf(schema).length > 0 ? [{ name, schema: schema as Schema.Codec<unknown> }] : []
  )
)

const format = SchemaIssue.makeFormatterStandardSchemaV1()

describe("whoever sends what is none of the words", () => {
  it("is known of those that have a name, too", () => {
    assert.includeMembers(
      enumerations.map(({ name }) => name),
      ["StoppableOperation", "RefundReason", "PaymentStatus", "Scope", "Environment"]
    )
  })

  it.each(enumerations)("is told the words of $name", ({ schema }) => {
    const words = wordsOf(schema).map((word) => JSON.stringify(word))
    const result = Schema.decodeUnknownResult(schema)("none of them")
    const told = Result.isFailure(result) ? format(result.failure.issue).issues.map(({ message }) => message) : []
    assert.deepStrictEqual(told, [`Expected ${words.join(" | ")}`])
  })
})
