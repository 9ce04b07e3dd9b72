import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { OperatorApi } from "../OperatorApi.ts"
import { Merchants } from "./Merchants.ts"

export const MerchantsHttp = HttpApiBuilder.group(
  OperatorApi,
  "merchants",
  Effect.fn(function* (handlers) {
    const merchants = yield* Merchants

    return handlers.handleAll({
      create: ({ payload }) => merchants.create(payload),
      list: ({ query }) => merchants.list(query.limit, query.starting_after),
      get: ({ params }) => merchants.get(params.id),
      change: ({ params, payload }) => merchants.change(params.id, payload),
      suspend: ({ params }) => merchants.suspend(params.id),
      activate: ({ params }) => merchants.activate(params.id),
      addTerminal: ({ params, payload }) => merchants.addTerminal(params.id, payload),
      changeTerminal: ({ params, payload }) => merchants.changeTerminal(params.id, params.terminal_id, payload)
    })
  })
)
