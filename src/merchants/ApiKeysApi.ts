import { Duration, Effect, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ApiKey, ApiKeyInactive, ApiKeyNotFound, ExpiryPassed, IssuedApiKey, Scopes } from "../domain/ApiKey.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { ApiKeyIds, MerchantIds } from "../domain/Ids.ts"
import { MerchantNotFound, Name } from "../domain/Merchant.ts"
import { Environment } from "../domain/Terminal.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { limit, pageParameters } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"
import { apiKeyExample, issuedApiKeyExample } from "./Examples.ts"

const ExpiresAt = Schema.NullOr(Timestamp).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))

/** A merchant's key has scopes; an operator's has none, and says so with `"merchant_id": null`. */
const NewApiKey = Schema.Struct({
  merchant_id: Schema.NullOr(MerchantIds.Id),
  environment: Environment,
  name: Name,
  scopes: Scopes.pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  expires_at: ExpiresAt
})
  .check(
    Schema.makeFilter(({ merchant_id, scopes }) => {
      if (merchant_id !== null && scopes.length === 0) return { path: ["scopes"], issue: "Expected at least one scope" }
      if (merchant_id === null && scopes.length > 0) return { path: ["scopes"], issue: "An operator key has no scopes" }
      return true
    })
  )
  .annotate({
    identifier: "NewApiKey",
    description: "A key of a merchant has at least one scope; an operator's has none, and its `merchant_id` is null."
  })

const longestOverlap = Duration.toSeconds("30 days")
const usualOverlap = Duration.toSeconds("24 hours")

const Rolling = Schema.Struct({
  /** For how many seconds the old key still works. */
  overlap_seconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longestOverlap })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(usualOverlap))
  ),
  expires_at: ExpiresAt
}).annotate({
  identifier: "Rolling",
  description: "For how long the old key still works, and when the new one expires."
})

/** The only answers that carry a secret: nothing between us and the operator may keep them. */
const Issued = HttpApiSchema.WithHeaders(IssuedApiKey.pipe(HttpApiSchema.status(201)), {
  "cache-control": Schema.Literal("no-store, no-transform")
})

const apiKey = { id: ApiKeyIds.Id }
const apiKeyParameter = { id: { description: "The id of the key.", example: apiKeyExample.id } }

export class ApiKeysApi extends HttpApiGroup.make("apiKeys")
  .add(
    HttpApiEndpoint.post("create", "/v1/api-keys", {
      payload: NewApiKey,
      success: Issued,
      error: [problem(MerchantNotFound), problem(ExpiryPassed), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Create an API key",
        description:
          'For a merchant, or for an operator with `"merchant_id": null`. Only this answer shows the secret.',
        request: {
          merchant_id: apiKeyExample.merchant_id,
          environment: "test",
          name: "Back end",
          scopes: ["payments:read", "payments:write"]
        },
        answers: { 201: issuedApiKeyExample }
      })
    ),
    HttpApiEndpoint.get("list", "/v1/api-keys", {
      query: {
        limit,
        starting_after: Schema.optionalKey(ApiKeyIds.Id),
        merchant_id: Schema.optionalKey(MerchantIds.Id)
      },
      success: Schema.Struct({ data: Schema.Array(ApiKey), has_more: Schema.Boolean }).annotate({
        identifier: "ApiKeyList"
      }),
      error: problem(DatabaseUnavailable)
    }).annotateMerge(
      operation({
        summary: "List API keys, the newest first",
        parameters: { ...pageParameters, merchant_id: { description: "Only keys of this merchant." } },
        answers: { 200: { data: [apiKeyExample], has_more: false } }
      })
    ),
    HttpApiEndpoint.post("revoke", "/v1/api-keys/:id/revoke", {
      params: apiKey,
      success: ApiKey,
      error: [problem(ApiKeyNotFound), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Revoke an API key",
        description: "It opens nothing once this is answered.",
        parameters: apiKeyParameter,
        answers: { 200: { ...apiKeyExample, revoked_at: "2026-11-22T17:00:00.000Z" } }
      })
    ),
    HttpApiEndpoint.post("roll", "/v1/api-keys/:id/roll", {
      params: apiKey,
      payload: Rolling,
      success: Issued,
      error: [problem(ApiKeyNotFound), problem(ApiKeyInactive), problem(ExpiryPassed), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Replace an API key by a new one",
        description:
          "The old key works on for `overlap_seconds`, a day if nothing is said. Only this answer shows the secret.",
        parameters: apiKeyParameter,
        request: { overlap_seconds: 3600 },
        answers: { 201: issuedApiKeyExample }
      })
    )
  )
  .middleware(OperatorAuthentication)
  .annotateMerge(
    OpenApi.annotations({ title: "API keys", description: "What opens the API, and the operators' own." })
  ) {}
