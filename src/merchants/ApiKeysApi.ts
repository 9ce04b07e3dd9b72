import { Duration, Effect, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { ApiKey, ApiKeyInactive, ApiKeyNotFound, ExpiryPassed, IssuedApiKey, Scopes } from "../domain/ApiKey.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { ApiKeyIds, MerchantIds } from "../domain/Ids.ts"
import { MerchantNotFound, Name } from "../domain/Merchant.ts"
import { Environment } from "../domain/Terminal.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { problem } from "../http/Problem.ts"
import { limit } from "./MerchantsApi.ts"

const ExpiresAt = Schema.NullOr(Schema.DateTimeUtcFromString).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))

/** A merchant's key has scopes; an operator's has none, and says so with `"merchant_id": null`. */
const NewApiKey = Schema.Struct({
  merchant_id: Schema.NullOr(MerchantIds.Id),
  environment: Environment,
  name: Name,
  scopes: Scopes.pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  expires_at: ExpiresAt
}).check(
  Schema.makeFilter(({ merchant_id, scopes }) => {
    if (merchant_id !== null && scopes.length === 0) return { path: ["scopes"], issue: "Expected at least one scope" }
    if (merchant_id === null && scopes.length > 0) return { path: ["scopes"], issue: "An operator key has no scopes" }
    return true
  })
)

const longestOverlap = Duration.toSeconds("30 days")
const usualOverlap = Duration.toSeconds("24 hours")

const Rolling = Schema.Struct({
  /** For how many seconds the old key still works. */
  overlap_seconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longestOverlap })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(usualOverlap))
  ),
  expires_at: ExpiresAt
})

/** The only answers that carry a secret: nothing between us and the operator may keep them. */
const Issued = HttpApiSchema.WithHeaders(IssuedApiKey.pipe(HttpApiSchema.status(201)), {
  "cache-control": Schema.Literal("no-store")
})

const apiKey = { id: ApiKeyIds.Id }

export class ApiKeysApi extends HttpApiGroup.make("apiKeys")
  .add(
    HttpApiEndpoint.post("create", "/v1/api-keys", {
      payload: NewApiKey,
      success: Issued,
      error: [problem(MerchantNotFound), problem(ExpiryPassed), problem(DatabaseUnavailable)]
    }),
    HttpApiEndpoint.get("list", "/v1/api-keys", {
      query: {
        limit,
        starting_after: Schema.optionalKey(ApiKeyIds.Id),
        merchant_id: Schema.optionalKey(MerchantIds.Id)
      },
      success: Schema.Struct({ data: Schema.Array(ApiKey), has_more: Schema.Boolean }),
      error: problem(DatabaseUnavailable)
    }),
    HttpApiEndpoint.post("revoke", "/v1/api-keys/:id/revoke", {
      params: apiKey,
      success: ApiKey,
      error: [problem(ApiKeyNotFound), problem(DatabaseUnavailable)]
    }),
    HttpApiEndpoint.post("roll", "/v1/api-keys/:id/roll", {
      params: apiKey,
      payload: Rolling,
      success: Issued,
      error: [problem(ApiKeyNotFound), problem(ApiKeyInactive), problem(ExpiryPassed), problem(DatabaseUnavailable)]
    })
  )
  .middleware(OperatorAuthentication) {}
