import { Array, Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse, ProblemDetails } from "effect/http"
import { HttpApi, type HttpApiGroup } from "effect/http-api"
import { problemBody } from "./Problem.ts"

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

/** Answers 405 with `Allow` for every path of the API and every method it does not have. */
export const methodNotAllowed = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const router = yield* HttpRouter.HttpRouter
      for (const [path, endpoints] of Object.entries(pathsOf(api))) {
        const allowed = endpoints.map(({ method }) => method)
        const allow = (allowed.includes("GET") ? ["HEAD", ...allowed] : allowed).join(", ")
        for (const method of methods.filter((candidate) => !allowed.includes(candidate))) {
          yield* router.add(method, pathOf(path), refused(allow))
        }
      }
    })
  )

const pathsOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(api: HttpApi.HttpApi<Id, Groups>) => {
  const endpoints: Array<{ readonly method: string; readonly path: string }> = []
  HttpApi.reflect(api, { onGroup: () => {}, onEndpoint: ({ endpoint }) => endpoints.push(endpoint) })
  return Array.groupBy(endpoints, ({ path }) => path)
}

const pathOf = (path: string): HttpRouter.PathInput => `/${path.slice(1)}`

const refused = (allow: string) =>
  HttpServerResponse.jsonUnsafe(problemBody("MethodNotAllowed", 405, `This address takes ${allow}.`), {
    status: 405,
    contentType: ProblemDetails.contentType,
    headers: { allow }
  })
