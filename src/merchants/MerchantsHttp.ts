import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import type { Merchant } from "../domain/Merchant.ts"
import { ifMatchOf, tagOf } from "../http/IfMatch.ts"
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
      get: ({ params }) => Effect.map(merchants.get(params.id), tagged),
      change: ({ headers, params, payload }) =>
        Effect.map(merchants.change(params.id, payload, ifMatchOf(headers)), tagged),
      suspend: ({ params }) => merchants.suspend(params.id),
      activate: ({ params }) => merchants.activate(params.id),
      addTerminal: ({ params, payload }) => merchants.addTerminal(params.id, payload),
      changeTerminal: ({ headers, params, payload }) =>
        Effect.map(
          merchants.changeTerminal(params.id, params.terminal_id, payload, ifMatchOf(headers)),
          ({ terminal, version }) =>
            HttpApiSchema.withHeaders({ body: terminal, headers: { etag: tagOf({ version }) } })
        )
    })
  })
)

const tagged = (merchant: Merchant) => HttpApiSchema.withHeaders({ body: merchant, headers: { etag: tagOf(merchant) } })
