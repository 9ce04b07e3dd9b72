import { Duration, Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import type { IssuedApiKey } from "../domain/ApiKey.ts"
import { OperatorApi } from "../OperatorApi.ts"
import { ApiKeys } from "./ApiKeys.ts"

export const ApiKeysHttp = HttpApiBuilder.group(
  OperatorApi,
  "apiKeys",
  Effect.fn(function* (handlers) {
    const apiKeys = yield* ApiKeys

    return handlers.handleAll({
      create: ({ payload: { environment, expires_at, merchant_id, name, scopes } }) => {
        const key = { environment, name, expiresAt: expires_at }
        return Effect.map(
          merchant_id === null
            ? apiKeys.createForOperator(key)
            : apiKeys.createForMerchant(merchant_id, { ...key, scopes }),
          issued
        )
      },
      list: ({ query }) => apiKeys.list(query.limit, query.starting_after, query.merchant_id),
      revoke: ({ params }) => apiKeys.revoke(params.id),
      roll: ({ params, payload }) =>
        Effect.map(
          apiKeys.roll(params.id, {
            overlap: Duration.seconds(payload.overlap_seconds),
            expiresAt: payload.expires_at
          }),
          issued
        )
    })
  })
)

const issued = (key: IssuedApiKey) =>
  HttpApiSchema.withHeaders({ body: key, headers: { "cache-control": "no-store, no-transform" as const } })
