import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { OperatorApi } from "../OperatorApi.ts"
import { Exceptions } from "./Exceptions.ts"

export const ExceptionsHttp = HttpApiBuilder.group(
  OperatorApi,
  "exceptions",
  Effect.fn(function* (handlers) {
    const exceptions = yield* Exceptions

    return handlers.handleAll({
      list: ({ query }) => exceptions.list(query),
      resolve: ({ params, payload }) => exceptions.resolve(params.id, payload)
    })
  })
)
