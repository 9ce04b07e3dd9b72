import type { Schema } from "effect"
import { HttpApi, type HttpApiEndpoint, OpenApi } from "effect/http-api"
import { Api } from "../../src/Api.ts"
import { OperatorApi } from "../../src/OperatorApi.ts"

/** One route of an API as code and as documentation. */
export interface Route {
  readonly api: "api" | "operator"
  readonly method: string
  /** With parameters as `:name`. */
  readonly path: string
  readonly endpoint: HttpApiEndpoint.Top
  readonly successes: ReadonlyMap<number, ReadonlyArray<Schema.Top>>
  readonly operation: OpenApi.OpenAPISpecOperation
}

export const documents = { api: OpenApi.fromApi(Api), operator: OpenApi.fromApi(OperatorApi) }

const routesOf = (name: Route["api"]): ReadonlyArray<Route> => {
  const found: Array<Route> = []
  const onEndpoint: Parameters<typeof HttpApi.reflect>[1]["onEndpoint"] = ({ endpoint, successes }) => {
    const { method, path } = endpoint
    const item = documents[name].paths[path.replaceAll(/:(\w+)/g, "{$1}")]
    const operation = item?.[method.toLowerCase() as OpenApi.OpenAPISpecMethodName]
    if (operation === undefined) throw new Error(`${method} ${path} is not documented`)
    found.push({ api: name, method, path, endpoint, successes, operation })
  }
  const options = { onGroup: () => {}, onEndpoint }
  if (name === "api") HttpApi.reflect(Api, options)
  else HttpApi.reflect(OperatorApi, options)
  return found
}

/** Every route of both APIs, also those that come later. */
export const routes: ReadonlyArray<Route> = [...routesOf("api"), ...routesOf("operator")]

/** The body a route is documented with; routes without a body have none. */
export const exampleOf = ({ operation }: Route): unknown => exampleIn(operation.requestBody?.content)

export const exampleIn = (content: OpenApi.OpenApiSpecContent | undefined): unknown =>
  Object.entries(content?.["application/json"] ?? {}).find(([member]) => member === "examples")?.[1]?.usual.value
