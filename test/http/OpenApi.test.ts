import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { documents, exampleIn, exampleOf, routes } from "./Routes.ts"

const titled = routes.map((route) => [`${route.method} ${route.path}`, route] as const)

const refsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, member]) => (key === "$ref" ? [String(member)] : refsIn(member)))
    : []

describe.each([
  ["openapi.json", documents.api],
  ["openapi-operator.json", documents.operator]
] as const)("docs/%s", (name, document) => {
  it("is what the schemas say; after a change: npx vitest run test/http/OpenApi.test.ts -u", async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`../../docs/${name}`)
  })

  it("is OpenAPI 3.1 with unique operations, whose references lead somewhere", () => {
    assert.strictEqual(document.openapi, "3.1.0")
    const operations = routes.filter(({ api }) => documents[api] === document).map((route) => route.operation)
    const ids = operations.map(({ operationId }) => operationId)
    assert.isAbove(ids.length, 0)
    assert.lengthOf(new Set(ids), ids.length)
    for (const ref of refsIn(document)) {
      assert.match(ref, /^#\/components\/schemas\/[A-Za-z]+$/)
      assert.property(document.components.schemas, ref.split("/").at(-1) ?? "")
    }
    const used = new Set(refsIn(document))
    for (const component of Object.keys(document.components.schemas)) {
      assert.match(component, /^[A-Z][A-Za-z]+$/, "a name that a reader understands")
      assert.include(used, `#/components/schemas/${component}`)
    }
  })

  it("explains itself: title, tags, security", () => {
    assert.isNotEmpty(document.info.description ?? "")
    for (const { description } of document.tags) assert.isNotEmpty(description ?? "")
    assert.match(document.components.securitySchemes["bearer"]?.description ?? "", /_test_…/)
  })
})

describe.each(titled)("%s", (_, route) => {
  const { operation } = route

  it("says what it does, who may do it, and which problems there are", () => {
    assert.match(operation.summary ?? "", /^[A-Z].{5,60}[^.]$/)
    assert.deepStrictEqual(operation.security, [{ bearer: [] }])
    assert.includeMembers(Object.keys(operation.responses), ["401", "default"])
    for (const [status, { content, description }] of Object.entries(operation.responses)) {
      assert.isNotEmpty(description)
      const types = Object.keys(content ?? {})
      const expected = status.startsWith("2") ? ["application/json"] : ["application/problem+json"]
      assert.deepStrictEqual(types, status === "304" ? [] : expected, status)
    }
    for (const parameter of operation.parameters) assert.property(parameter, "description", parameter.name)
  })

  it.effect("has examples that its schemas accept", () =>
    Effect.gen(function* () {
      const options = { onExcessProperty: "error", errors: "all" } as const
      // Null stands for a request without a body.
      const bodies = [...route.endpoint.payload.values()]
        .flatMap(({ schemas }) => [...schemas])
        .filter(({ ast }) => ast._tag !== "Null")
      assert.strictEqual(exampleOf(route) === undefined, bodies.length === 0)
      for (const body of bodies) yield* accepts(body, exampleOf(route), options)
      assert.isAbove(route.successes.size, 0)
      for (const [status, schemas] of route.successes) {
        if (status === 304) continue
        for (const schema of schemas) {
          const inner = HttpApiSchema.isWithHeaders(schema) ? schema.schema : schema
          yield* accepts(inner, exampleIn(operation.responses[status]?.content), options)
        }
      }
    })
  )
})

const accepts = (schema: Schema.Top, example: unknown, options: object) =>
  // cast: the schemas of this API need no services.
  Schema.decodeUnknownEffect(schema as Schema.Codec<unknown, unknown>)(example, options)
